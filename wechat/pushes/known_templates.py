"""The usable templates of all accounts, cached in the process for the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wechat.kernel.versioned_cache import Cached
from wechat.pushes.models import Template
from wechat.pushes.values import TemplateField


@dataclass(frozen=True, slots=True)
class KnownTemplate:
    platform_id: str
    kind: str
    fields: Sequence[TemplateField]


def _build() -> Mapping[tuple[int, str], KnownTemplate]:
    return {
        (row.account_id, row.platform_id): KnownTemplate(row.platform_id, row.kind, row.fields)
        for row in Template.objects.filter(missing_since=None)
    }


_known = Cached("templates", _build)


def find(account_id: int, platform_id: str) -> KnownTemplate | None:
    return _known.get().get((account_id, platform_id))
