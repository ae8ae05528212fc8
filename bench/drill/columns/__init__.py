"""The columns of the table, each of which is a kind of work with its own checks."""

from bench.drill.columns.column import Column
from bench.drill.columns.messages import Callbacks, Campaigns, MassSends, Pushes, Replies, Webhooks
from bench.drill.columns.money import Orders, Refunds
from bench.drill.columns.pages import Health, Logins, Menus, Pages, Syncs

COLUMNS: tuple[type[Column], ...] = (
    Callbacks, Replies, Pushes, Campaigns, MassSends, Orders, Refunds, Menus, Syncs, Logins, Pages, Webhooks,
    Health,
)  # fmt: skip

__all__ = ["COLUMNS", "Column"]
