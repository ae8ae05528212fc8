"""The check that all catalogues are complete and compiled as written: ``python -m config.translations``.

It reads the files itself, so it works without GNU gettext.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import django
import polib
from django.utils.translation.template import templatize

from config.embedded import PROJECT

DJANGO = Path(django.__file__).parent
SOURCES = ("accounts", "config", "menus", "payments", "templates", "wechat")
FUNCTIONS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]")
TEXT = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
# A call in what Django makes of a template for xgettext, with the text, which may follow its context.
TEMPLATE_CALL = re.compile(rf"(?:pgettext\({TEXT},\s*|(?<!p)gettext\(|\b_\()\s*({TEXT})")


def main() -> int:
    problems = [problem for catalogue in catalogues() for problem in problems_of(catalogue)]
    problems += missing(PROJECT) + unused(PROJECT) + contradictions(catalogues())
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


def catalogues() -> list[Path]:
    """Returns every source catalogue of the project's own packages."""
    return sorted(path for path in PROJECT.glob("[!.]*/**/LC_MESSAGES/*.po"))


def problems_of(catalogue: Path) -> Iterator[str]:
    """Yields a sentence for each message that staff would read in the wrong language."""
    source = polib.pofile(str(catalogue))
    for entry in source:
        if entry.obsolete:
            continue
        if not entry.translated():
            yield f"{catalogue}:{entry.linenum}: {entry.msgid!r} is fuzzy or not translated"
        elif entry.msgstr and placeholders(entry.msgstr) != placeholders(entry.msgid):
            yield f"{catalogue}:{entry.linenum}: {entry.msgid!r} has other placeholders in the translation"
    compiled = catalogue.with_suffix(".mo")
    if not compiled.exists() or _messages(polib.mofile(str(compiled))) != _messages(source):
        yield f"{catalogue}: the .mo beside it is not made from it, run `python manage.py compilemessages`"


def placeholders(text: str) -> list[str]:
    """Returns ``%(count)d``, ``%s`` and the like, which must be the same in every language."""
    return sorted(PLACEHOLDER.findall(text))


def missing(project: Path) -> list[str]:
    """Returns a sentence for each text marked for translation in the sources that no catalogue knows.

    Some templates replace those of the admin, and have texts that Django translates.
    """
    paths = [*catalogues(), *DJANGO.glob("**/zh_Hans/LC_MESSAGES/django.po")]
    known = {entry.msgid for path in paths for entry in polib.pofile(str(path))}
    return [
        f"{path.relative_to(project)}: {text!r} is in no catalogue, run `python manage.py makemessages`"
        for folder in SOURCES
        for path in _sources(project / folder)
        for text in marked(path)
        if text not in known
    ]


def unused(project: Path) -> list[str]:
    """Returns a sentence for each entry of an app's catalogue that no source of the app marks.

    Leaves out the catalogues of ``config``, which also translate what Django and the admin skin say.
    """
    return [
        f"{catalogue}:{entry.linenum}: {entry.msgid!r} is marked in no source of the app, delete it"
        for catalogue in catalogues()
        if project / "config" not in catalogue.parents
        for used in [_marked_below(catalogue.parents[3])]
        for entry in polib.pofile(str(catalogue))
        if not entry.obsolete and entry.msgid not in used
    ]


def contradictions(paths: Iterable[Path]) -> list[str]:
    """Returns a sentence for each text that apps translate differently: Django would show one for all."""
    known: dict[tuple[str | None, str], dict[str, Path]] = defaultdict(dict)
    for path in paths:
        for key, (text, forms) in _messages(polib.pofile(str(path))).items():
            known[key].setdefault(text or forms.get(0, ""), path)
    return [
        f"{msgid!r} has several translations, choose one or another English text: "
        + ", ".join(f"{text} ({path.parents[3].name})" for text, path in texts.items())
        for (_context, msgid), texts in known.items()
        if len(texts) > 1
    ]


def marked(path: Path) -> Iterator[str]:
    """Yields the texts that a module or a template marks for translation."""
    source = path.read_text()
    return marked_in_template(source) if path.suffix == ".html" else marked_in_module(source)


def marked_in_template(source: str) -> Iterator[str]:
    for call in TEMPLATE_CALL.finditer(templatize(source)):
        yield ast.literal_eval(call[1])


def marked_in_module(source: str) -> Iterator[str]:
    """Yields the literal first argument of each call of a gettext function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
            text = node.args[0] if node.args else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value


def _marked_below(app: Path) -> set[str]:
    return {text for path in _sources(app) for text in marked(path)}


def _sources(folder: Path) -> list[Path]:
    found = [*folder.rglob("*.py"), *folder.rglob("*.html")]
    return sorted(path for path in found if "migrations" not in path.parts)


def _messages(
    catalogue: polib.POFile | polib.MOFile,
) -> dict[tuple[str | None, str], tuple[str, dict[int, str]]]:
    return {
        (entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural)
        for entry in catalogue.translated_entries()
    }


if __name__ == "__main__":
    sys.exit(main())
