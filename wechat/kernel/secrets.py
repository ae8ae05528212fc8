"""The encryption of secrets in the database: AES-256-GCM, each bound to its own row and column.

A stored secret is ``key id . nonce . tag . ciphertext``. The row's ``secret_id`` and the column's name are
authenticated with it, so a ciphertext copied into another row or column does not decrypt.
"""

import datetime
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, cast

from Crypto.Cipher import AES
from Crypto.Random import get_random_bytes
from django.conf import settings
from django.db import models
from django.utils import timezone

NONCE_BYTES = 12
TAG_BYTES = 16


class Undecryptable(Exception):
    """The error for a secret that no configured key opens, or that was copied from another row."""


class Ciphertext(bytes):
    """A ciphertext as it is stored in the database."""

    __slots__ = ()

    @property
    def key_id(self) -> str:
        return self.split(b".", 1)[0].decode()


def seal(text: str, binding: str) -> Ciphertext:
    key_id, key = next(iter(settings.FIELD_ENCRYPTION_KEYS.items()))
    cipher = AES.new(key, AES.MODE_GCM, nonce=get_random_bytes(NONCE_BYTES), mac_len=TAG_BYTES)
    cipher.update(binding.encode())
    body, tag = cipher.encrypt_and_digest(text.encode())
    return Ciphertext(key_id.encode() + b"." + cipher.nonce + tag + body)


def unseal(sealed: Ciphertext, binding: str) -> str:
    """Returns the secret's text. Raises ``Undecryptable``."""
    key_id, _, rest = sealed.partition(b".")
    key = settings.FIELD_ENCRYPTION_KEYS.get(key_id.decode())
    if key is None:
        raise Undecryptable(f"no key {key_id.decode()!r} in FIELD_ENCRYPTION_KEYS")
    nonce, tag = rest[:NONCE_BYTES], rest[NONCE_BYTES : NONCE_BYTES + TAG_BYTES]
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
    cipher.update(binding.encode())
    try:
        return cipher.decrypt_and_verify(rest[NONCE_BYTES + TAG_BYTES :], tag).decode()
    except ValueError:
        raise Undecryptable("the secret does not belong to this row, or was tampered with") from None


class HasSecrets(models.Model):
    """A row with ``SecretField`` columns."""

    secret_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True

    def readable_secret(self, name: str) -> str:
        """Returns the secret in the field of that name, "" where there is none or no key opens it."""
        return "" if self.is_undecryptable(name) else str(getattr(self, name))

    def has_secret(self, name: str) -> bool:
        """Returns whether there is a secret in the field of that name, whether a key opens it or not."""
        return self.is_undecryptable(name) or bool(getattr(self, name))

    def is_undecryptable(self, name: str) -> bool:
        """Returns whether there is a secret that no configured key opens."""
        try:
            getattr(self, name)
        except Undecryptable:
            return True
        return False


# How long a previous secret stays valid after it was replaced, and how many of a kind do.
OVERLAP = datetime.timedelta(hours=24)
MOST_PREVIOUS = 3


@dataclass(frozen=True, slots=True)
class PreviousSecret:
    """A replaced secret, which is valid until its own end."""

    until: datetime.datetime
    text: str = field(repr=False)


class HasPreviousSecrets(HasSecrets):
    """A row whose replaced secrets stay valid for some time, as both sides are changed one after the other.

    ``REPLACEABLE`` are the fields of these secrets. Those before ``token`` are in ``previous_tokens``:
    the newest first, with spaces between them, each after its end in Unix seconds and a colon.
    """

    REPLACEABLE: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True

    def previous(self, name: str) -> list[PreviousSecret]:
        """Returns the previous secrets of a field that are valid still, the newest first."""
        kept = [each.partition(":") for each in self.readable_secret(_column(name)).split()]
        parsed = [
            PreviousSecret(datetime.datetime.fromtimestamp(int(until), datetime.UTC), text)
            for until, _, text in kept
        ]
        return [each for each in parsed if each.until > timezone.now()]

    @property
    def previous_until(self) -> datetime.datetime | None:
        """Returns until when the last of the previous secrets is valid; ``None`` if none is any more."""
        return max((each.until for name in self.REPLACEABLE for each in self.previous(name)), default=None)

    def replace_secret(self, name: str, new: str) -> None:
        """Sets a new secret in a field; does not save it.

        The previous one stays valid for ``OVERLAP``, unless no key opens it. Those before it, up to
        ``MOST_PREVIOUS``, stay so until their own ends: nobody knows which of them the other side has by now.
        """
        replaced = PreviousSecret(timezone.now() + OVERLAP, self.readable_secret(name))
        before = [each for each in self.previous(name) if each.text != replaced.text]
        valid = [each for each in (replaced, *before) if each.text not in {"", new}]
        column = " ".join(f"{int(each.until.timestamp())}:{each.text}" for each in valid[:MOST_PREVIOUS])
        setattr(self, _column(name), column)
        setattr(self, name, new)

    def end_previous(self) -> None:
        """Ends the previous secrets at once, as after one of them leaked."""
        columns = [_column(name) for name in self.REPLACEABLE]
        for column in columns:
            setattr(self, column, "")
        self.save(update_fields=columns)


def _column(name: str) -> str:
    """Returns the column with the previous secrets of a field."""
    return f"previous_{name}s"


class SecretField(models.Field[str, str]):
    """A text field that is encrypted in the database; the empty text stays empty.

    It lives on a ``HasSecrets`` model.
    """

    empty_strings_allowed = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "default": "", "blank": True, "editable": False})

    def get_internal_type(self) -> str:
        return "BinaryField"

    def get_prep_value(self, value: Any) -> bytes:
        """Returns a ciphertext unchanged; for a text, returns only whether it is empty.

        So a query can ask whether a secret is set, but never contains its text.
        """
        if isinstance(value, bytes):
            return value
        return b"*" if value else b""

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, name, _Reveal(self))

    def binding(self, row: models.Model) -> str:
        return f"{self.model._meta.db_table}.{self.column}:{cast(HasSecrets, row).secret_id}"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Ciphertext | str:
        return Ciphertext(value) if value else ""

    def pre_save(self, model_instance: models.Model, add: bool) -> Ciphertext | bytes:
        value = model_instance.__dict__.get(self.attname, "")
        if value and not isinstance(value, Ciphertext):
            value = seal(value, self.binding(model_instance))
        return value or b""


class _Reveal:
    """The descriptor that decrypts at the first access, so that rows in lists hold no plaintext."""

    def __init__(self, field: SecretField) -> None:
        self.field = field

    def __get__(self, row: models.Model | None, owner: type[models.Model]) -> Self | str:
        if row is None:
            return self
        name = self.field.attname
        if name not in row.__dict__:
            row.refresh_from_db(fields=[name])
        value = row.__dict__[name]
        return unseal(value, self.field.binding(row)) if isinstance(value, Ciphertext) else value

    def __set__(self, row: models.Model, value: str | Ciphertext) -> None:
        row.__dict__[self.field.attname] = value


class HasRenewedSecret(HasPreviousSecrets):
    """A row with one ``secret`` that is made here, and those that it had before."""

    REPLACEABLE = ("secret",)

    secret = SecretField()
    previous_secrets = SecretField()

    class Meta:
        abstract = True

    def valid_secrets(self) -> Iterator[str]:
        """Yields the secret, and those that it replaced and that are valid still, the newest first."""
        yield self.secret
        yield from (each.text for each in self.previous("secret"))
