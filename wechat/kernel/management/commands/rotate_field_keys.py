from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from wechat.kernel.secrets import Ciphertext, HasSecrets, SecretField, Undecryptable


class Command(BaseCommand):
    help = "Encrypts every stored secret again with the first key of FIELD_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises ``CommandError`` if there are secrets that no key opens; they stay, all others are done."""
        current = next(iter(settings.FIELD_ENCRYPTION_KEYS))
        rotation = Rotation(current)
        changed = sum(rotation.rotate(model) for model in apps.get_models() if issubclass(model, HasSecrets))
        if rotation.unopened:
            self.stdout.write(f"{changed} rows now use key {current!r}.")
            raise CommandError(
                "\n".join(rotation.unopened)
                + "\nPut the key back that they were stored with, behind the first one, and begin again; "
                "if it is lost, enter these secrets again."
            )
        self.stdout.write(f"{changed} rows now use key {current!r}; older keys may be removed.")


class Rotation:
    """Encrypts with the current key what another one encrypted; ``unopened`` names what no key opens."""

    def __init__(self, current: str) -> None:
        self.current = current
        self.unopened: list[str] = []

    def rotate(self, model: type[HasSecrets]) -> int:
        """Goes through the rows one by one; returns how many were changed."""
        fields = [field for field in model._meta.concrete_fields if isinstance(field, SecretField)]
        rows = model._default_manager.values_list("pk", flat=True).order_by("pk")
        return sum(self._rotate_row(model, pk, fields) for pk in rows.iterator())

    @transaction.atomic
    def _rotate_row(self, model: type[HasSecrets], pk: Any, fields: list[SecretField]) -> bool:
        row = model._default_manager.select_for_update().filter(pk=pk).first()
        if row is None:
            return False
        renewed = [field.name for field in self._renew(row, fields)]
        if renewed:
            row.save(update_fields=renewed)
        return bool(renewed)

    def _renew(self, row: models.Model, fields: list[SecretField]) -> Iterator[SecretField]:
        for field in fields:
            value = row.__dict__[field.attname]
            if not isinstance(value, Ciphertext) or value.key_id == self.current:
                continue
            try:
                setattr(row, field.attname, getattr(row, field.attname))
            except Undecryptable as refused:
                self.unopened.append(f"{row._meta.label} {row.pk}, {field.name}: {refused}.")
            else:
                yield field
