"""The pages for whoever runs it name files, tests, headings and variables that there are."""

import re

import pytest

from config.embedded import PROJECT

PAGES = ["operations.md", "incidents.md", "scaling.md", "threat-model.md"]
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


def headings(text: str) -> set[str]:
    found = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    path = PROJECT / "docs" / page
    for target, heading in LINK.findall(path.read_text()):
        linked = (path.parent / target).resolve() if target else path
        assert linked.exists(), target
        if heading:
            assert heading in headings(linked.read_text()), f"{target}#{heading}"


@pytest.mark.parametrize("page", PAGES)
def test_tests_that_are_named_are_there(page: str) -> None:
    named = re.findall(r"`(tests/[\w/.]+)`", (PROJECT / "docs" / page).read_text())
    assert [name for name in named if not (PROJECT / name).exists()] == []


def test_every_sample_is_told_of() -> None:
    guide = (PROJECT / "docs" / "operations.md").read_text()
    for path in (PROJECT / "deploy").iterdir():
        assert path.name in guide, path.name
