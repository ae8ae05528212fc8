from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import models, transaction

from wechat.kernel.secrets import Ciphertext, HasSecrets, SecretField


class Command(BaseCommand):
    help = "Encrypts every stored secret again with the first key of FIELD_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        current = next(iter(settings.FIELD_ENCRYPTION_KEYS))
        changed = sum(rotate(model, current) for model in apps.get_models() if issubclass(model, HasSecrets))
        self.stdout.write(f"{changed} rows now use key {current!r}; older keys may be removed.")


def rotate(model: type[HasSecrets], current: str) -> int:
    """Encrypts with the current key what another one encrypted, row by row; returns how many rows."""
    fields = [field for field in model._meta.concrete_fields if isinstance(field, SecretField)]
    rows = model._default_manager.values_list("pk", flat=True).order_by("pk")
    return sum(rotate_row(model, pk, fields, current) for pk in rows.iterator())


@transaction.atomic
def rotate_row(model: type[HasSecrets], pk: Any, fields: list[SecretField], current: str) -> bool:
    row = model._default_manager.select_for_update().filter(pk=pk).first()
    if row is None:
        return False
    stale = [field for field in fields if is_stale(row, field, current)]
    for field in stale:
        setattr(row, field.attname, getattr(row, field.attname))
    if stale:
        row.save(update_fields=[field.name for field in stale])
    return bool(stale)


def is_stale(row: models.Model, field: SecretField, current: str) -> bool:
    value = row.__dict__[field.attname]
    return isinstance(value, Ciphertext) and value.key_id != current
