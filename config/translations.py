"""`python -m config.translations`: is every catalogue complete, and is what runs what was written?

Reads the files themselves, so that it works where GNU gettext is not installed.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import polib

from config.embedded import PROJECT


def main() -> int:
    problems = [problem for catalogue in catalogues() for problem in problems_of(catalogue)]
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


def catalogues() -> list[Path]:
    """Every source catalogue of the project's own packages."""
    return sorted(path for path in PROJECT.glob("[!.]*/**/LC_MESSAGES/*.po"))


def problems_of(catalogue: Path) -> Iterator[str]:
    """One sentence for each message that staff would read in the wrong language."""
    source = polib.pofile(str(catalogue))
    for entry in source:
        if not entry.obsolete and not entry.translated():
            yield f"{catalogue}:{entry.linenum}: {entry.msgid!r} is fuzzy or not translated"
    compiled = catalogue.with_suffix(".mo")
    if not compiled.exists() or _messages(polib.mofile(str(compiled))) != _messages(source):
        yield f"{catalogue}: the .mo beside it is not made from it, run `python manage.py compilemessages`"


def _messages(catalogue: polib.POFile | polib.MOFile) -> dict[tuple[str | None, str], object]:
    return {
        (entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural)
        for entry in catalogue.translated_entries()
    }


if __name__ == "__main__":
    sys.exit(main())
