"""The seals of the audit log: each entry of an account is chained to the one before it.

A worker seals what was written since, some hundred entries at a time, so that nobody who does something waits
for somebody else who does. Whoever changes or takes away a sealed entry later, past the trigger, breaks the
chain from there on: ``manage.py verify_audit`` names the first link that does not hold.
"""

import datetime
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from accounts.staff.models import AuditChain, AuditEntry
from wechat.kernel import work

BATCH = 500
SEALED_FIELDS = (
    "id", "account_id", "user_id", "actor", "address", "action", "kind", "object_id", "label", "note",
    "before", "after",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first link of a chain that does not hold, by its number; ``entry`` is the id of its row, if any."""

    number: int
    entry: int | None


def unsealed() -> "QuerySet[AuditEntry]":
    return AuditEntry.objects.filter(number=None)


SEALING = work.TurnKind(
    "staff.seal_audit",
    lambda: unsealed().exists(),
    label=gettext_lazy("Sealing the audit log"),
    queue=work.BULK,
)


@SEALING.does
def seal(turn: work.Turn) -> int:
    """Seals batch after batch of each account; returns how many entries."""
    sealed = 0
    while not turn.is_over:
        accounts = unsealed().order_by("account").values_list("account", flat=True).distinct()
        done = sum(_seal_next(account_id) for account_id in accounts)
        if not done:
            break
        sealed += done
    return sealed


@transaction.atomic
def _seal_next(account_id: int | None) -> int:
    """Appends the next entries of an account to its chain, unless another process is doing so.

    Returns how many entries were sealed.
    """
    AuditChain.objects.get_or_create(account_id=account_id)
    chain = AuditChain.objects.select_for_update(skip_locked=True).filter(account=account_id).first()
    if chain is None:
        return 0
    entries = list(unsealed().filter(account=account_id).order_by("pk")[:BATCH])
    for entry in entries:
        chain.number += 1
        chain.hash = hash_of(entry, chain.number, chain.hash)
        entry.number, entry.hash = chain.number, chain.hash
    AuditEntry.objects.bulk_update(entries, ["number", "hash"])
    chain.save()
    return len(entries)


def hash_of(entry: AuditEntry, number: int, previous: str) -> str:
    """Returns the SHA-256, in hexadecimal, over the link before and everything that the entry says."""
    content = {name: getattr(entry, name) for name in SEALED_FIELDS}
    content |= {"at": entry.at.astimezone(datetime.UTC).isoformat(), "number": number, "previous": previous}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def first_broken_link(chain: AuditChain) -> BrokenLink | None:
    """Follows the chain to its head and returns the first link that does not hold; ``None`` if all hold."""
    number, previous = 0, ""
    for entry in _links(chain):
        number += 1
        if entry.number != number:
            return BrokenLink(number, None)
        if entry.hash != hash_of(entry, number, previous):
            return BrokenLink(number, entry.pk)
        previous = entry.hash
    return None if (number, previous) == (chain.number, chain.hash) else BrokenLink(number + 1, None)


def _links(chain: AuditChain) -> Iterator[AuditEntry]:
    entries = AuditEntry.objects.filter(account=chain.account_id, number__isnull=False)
    return entries.order_by("number").iterator(chunk_size=BATCH)
