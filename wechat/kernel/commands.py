"""The base of commands whose sentences are also those of the console, and have to be put into a language."""

import getpass
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation


class TranslatedCommand(BaseCommand):
    """A command that says everything in English, or in the language that ``--language`` names."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--language", choices=["en", "zh-hans"], default="en")

    def execute(self, *args: Any, **options: Any) -> str | None:
        with translation.override(options["language"]):
            return super().execute(*args, **options)


def secret(name: str, given: str | None) -> str:
    """Returns a secret as given, or asks for it in place of ``-``; the empty text if none was given."""
    if given != "-":
        return given or ""
    try:
        return getpass.getpass(f"{name}: ")
    except EOFError:
        raise CommandError(f"{name} cannot be asked for: there is nobody to type it.") from None


def sentences(error: ValidationError, arguments: Mapping[str, str]) -> str:
    """Returns a line for each complaint about a row, after the argument that its field was given by."""
    return "\n".join(
        text if field == NON_FIELD_ERRORS else f"{arguments.get(field, field)}: {text}"
        for field, texts in error.message_dict.items()
        for text in texts
    )
