"""Tests that links of pages lead somewhere, and that pages for operators name existing commands and tests."""

import re

import pytest
from django.core.management import get_commands

from config.embedded import PROJECT
from wechat.kernel.work import KINDS

PAGES = [
    "operations.md",
    "configuration.md",
    "production.md",
    "incidents.md",
    "scaling.md",
    "threat-model.md",
    "engines.md",
    "resilience.md",
    "fuzzing.md",
]
FOLDERS = [".", "bench", "docs", "docs/adr", "docs/staff", "simulator"]
LINKING = [str(page.relative_to(PROJECT)) for folder in FOLDERS for page in (PROJECT / folder).glob("*.md")]
NAMED = re.compile(r"`(tests/[\w/]+(?:\.py)?)(?:::(\w+))?`")
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


def headings(text: str) -> set[str]:
    found = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", LINKING)
def test_links_lead_somewhere(page: str) -> None:
    path = PROJECT / page
    for target, heading in LINK.findall(path.read_text()):
        linked = (path.parent / target).resolve() if target else path
        assert linked.exists(), target
        if heading:
            assert heading in headings(linked.read_text()), f"{target}#{heading}"


@pytest.mark.parametrize("page", PAGES)
def test_tests_that_are_named_are_there(page: str) -> None:
    for file, test in NAMED.findall((PROJECT / "docs" / page).read_text()):
        assert (PROJECT / file).exists(), file
        if test:
            assert f"\ndef {test}(" in (PROJECT / file).read_text(), test


def test_every_line_of_the_threat_model_names_a_test() -> None:
    """A folder would be named whatever is in it."""
    text = (PROJECT / "docs" / "threat-model.md").read_text()
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")][2:]
    assert len(lines) > 20
    for _who, wants, _stops, shown in lines:
        assert any(file.endswith(".py") for file, _test in NAMED.findall(shown)), wants


@pytest.mark.parametrize("page", PAGES)
def test_commands_that_are_named_are_there(page: str) -> None:
    text = (PROJECT / "docs" / page).read_text()
    known = get_commands()
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= known.keys()
    targets = (PROJECT / "Makefile").read_text()
    for target in re.findall(r"`make ([a-z-]+)", text):
        assert f"\n{target}:" in targets, target


@pytest.mark.parametrize("page", PAGES)
def test_modules_that_pages_run_are_there(page: str) -> None:
    text = (PROJECT / "docs" / page).read_text()
    for module in re.findall(r"`python -m ([a-z_.]+)", text):
        path = PROJECT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


@pytest.mark.parametrize(
    "page", [*(f"docs/{page}" for page in PAGES), "README.md", "README.zh-CN.md", "bench/README.md"]
)
def test_benchmarks_that_are_named_are_there(page: str) -> None:
    for name in re.findall(r"make bench ARGS='?(\w+)", (PROJECT / page).read_text()):
        assert (PROJECT / f"bench/{name}.py").exists(), name


def test_works_that_pages_name_are_there() -> None:
    for page in PAGES:
        for name in re.findall(r'work="([^"]+)"', (PROJECT / "docs" / page).read_text()):
            assert name in KINDS.names(), name


def test_every_sample_is_told_of() -> None:
    guide = (PROJECT / "docs" / "operations.md").read_text()
    for path in (PROJECT / "deploy").iterdir():
        assert path.name in guide, path.name
