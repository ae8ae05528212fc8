from pathlib import Path

import polib
import pytest
from django.utils.translation import gettext, ngettext, override, pgettext

from config import translations
from config.translations import catalogues, contradictions, missing, problems_of, unused

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
MENU = 'msgid "Menu"\nmsgstr "菜单"\n'


def _compiled(folder: Path, messages: str) -> Path:
    catalogue = folder / "django.po"
    catalogue.write_text(HEADER + messages)
    polib.pofile(str(catalogue)).save_as_mofile(str(folder / "django.mo"))
    return catalogue


def test_a_complete_catalogue_has_no_problems(tmp_path: Path) -> None:
    assert not list(problems_of(_compiled(tmp_path, MENU)))


@pytest.mark.parametrize("messages", ['msgid "Menu"\nmsgstr ""\n', "#, fuzzy\n" + MENU])
def test_a_message_that_would_stay_english_is_named(tmp_path: Path, messages: str) -> None:
    (problem,) = problems_of(_compiled(tmp_path, messages))
    assert "'Menu' is fuzzy or not translated" in problem


def test_a_catalogue_edited_after_it_was_compiled_is_named(tmp_path: Path) -> None:
    catalogue = _compiled(tmp_path, MENU)
    catalogue.write_text(catalogue.read_text().replace("菜单", "目录"))
    (problem,) = problems_of(catalogue)
    assert "compilemessages" in problem


def test_a_message_no_longer_used_is_no_problem(tmp_path: Path) -> None:
    assert not list(problems_of(_compiled(tmp_path, MENU + '\n#~ msgid "Old"\n#~ msgstr ""\n')))


def test_two_translations_of_one_text_are_named(tmp_path: Path) -> None:
    paths = []
    for name, text in (("menus", "菜单"), ("orders", "点单"), ("again", "菜单")):
        folder = tmp_path / name / "locale" / "zh_Hans" / "LC_MESSAGES"
        folder.mkdir(parents=True)
        paths.append(_compiled(folder, f'msgid "Menu"\nmsgstr "{text}"\n'))
    (problem,) = contradictions(paths)
    assert "'Menu' has several translations" in problem
    assert "菜单 (menus), 点单 (orders)" in problem
    assert not contradictions(paths[::2])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Makes a project of the app ``menus``, whose catalogue knows "Menu"."""
    folder = tmp_path / "menus" / "locale" / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    _compiled(folder, MENU)
    monkeypatch.setattr(translations, "PROJECT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("menus/words.py", '_("{text}")'),
        ("menus/templates/menu.html", '{{% translate "{text}" %}}'),
        ("menus/templates/menu.html", "{{% blocktranslate trimmed %}}\n{text}\n{{% endblocktranslate %}}"),
        ("menus/templates/menu.html", '{{% include "menus/name.html" with name=_("{text}") %}}'),
        ("menus/templates/menu.html", '{{% translate "{text}" context "of a meal" %}}'),
    ],
)
def test_a_text_without_a_translation_and_a_translation_without_a_text_are_named(
    project: Path, file: str, source: str
) -> None:
    path = project / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(source.format(text="Menu"))
    assert not missing(project) + unused(project)
    path.write_text(source.format(text="Dish"))
    (unknown,), (needless,) = missing(project), unused(project)
    assert f"{file}: 'Dish' is in no catalogue" in unknown
    assert "'Menu' is marked in no source of the app" in needless


def test_staff_read_what_a_catalogue_says_and_not_what_a_library_says() -> None:
    with override("zh-hans"):
        others = [
            f"{catalogue}: {entry.msgid!r} is shown as {shown!r}, as a library has it"
            for catalogue in catalogues()
            for entry in polib.pofile(str(catalogue)).translated_entries()
            if (shown := _shown(entry)) != (entry.msgstr or entry.msgstr_plural[0])
        ]
    assert not others


def _shown(entry: polib.POEntry) -> str:
    if entry.msgid_plural:
        return ngettext(entry.msgid, entry.msgid_plural, 2)
    return pgettext(entry.msgctxt, entry.msgid) if entry.msgctxt else gettext(entry.msgid)
