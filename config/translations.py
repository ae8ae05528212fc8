"""The check that all catalogues are complete and compiled as written: ``python -m config.translations``.

It reads the files itself, so it works without GNU gettext.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import polib

from config.embedded import PROJECT

SOURCES = ("accounts", "config", "menus", "payments", "wechat")
FUNCTIONS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]")


def main() -> int:
    problems = [problem for catalogue in catalogues() for problem in problems_of(catalogue)]
    problems += missing(PROJECT) + contradictions(catalogues())
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
    """Returns a sentence for each text marked for translation in the sources that no catalogue knows."""
    known = {entry.msgid for catalogue in catalogues() for entry in polib.pofile(str(catalogue))}
    sources = [path for folder in SOURCES for path in sorted((project / folder).rglob("*.py"))]
    return [
        f"{path.relative_to(project)}: {text!r} is in no catalogue, run `python manage.py makemessages`"
        for path in sources
        if "migrations" not in path.parts
        for text in marked(path.read_text())
        if text not in known
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


def marked(source: str) -> Iterator[str]:
    """Yields the literal first argument of each call of a gettext function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
            text = node.args[0] if node.args else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value


def _messages(
    catalogue: polib.POFile | polib.MOFile,
) -> dict[tuple[str | None, str], tuple[str, dict[int, str]]]:
    return {
        (entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural)
        for entry in catalogue.translated_entries()
    }


if __name__ == "__main__":
    sys.exit(main())
