"""The rights that each page of the console requires: a page that is not listed fails the walk.

A right is ``view:area`` or ``change:area`` in the account of the page; ``+`` requires both, ``|`` one of
two. ``anybody`` is any member of staff, ``nobody`` excludes even superusers.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.console.world import World

VIEWED_BY_ALL_BUT_FINANCE = "content messages followers sending"
EVERYTHING = f"{VIEWED_BY_ALL_BUT_FINANCE} money settings"

CHANGES_ANYTHING = "view:followers+" + "|".join(f"change:{area}" for area in EVERYTHING.split())

# The areas that each role can view, and those that it can change.
ROLES: Mapping[str, tuple[str, str]] = {
    "editor": (VIEWED_BY_ALL_BUT_FINANCE, "content"),
    "publisher": (VIEWED_BY_ALL_BUT_FINANCE, "content sending"),
    "service": (VIEWED_BY_ALL_BUT_FINANCE, "messages followers"),
    "finance": ("money followers", "money"),
    "auditor": (EVERYTHING, ""),
    "owner": (EVERYTHING, EVERYTHING),
    "none": ("", ""),
}


def may(role: str, right: str) -> bool:
    """Returns whether a role in an account has a right there."""
    if right in ("nobody", "anybody") or role == "superuser":
        return right != "nobody"
    if right == "superuser":
        return False
    views, changes = (each.split() for each in ROLES[role])

    def has(one: str) -> bool:
        kind, _colon, area = one.partition(":")
        return area in (views if kind == "view" else changes)

    return all(any(has(one) for one in part.split("|")) for part in right.split("+"))


Args = Callable[[World], list[Any]]


@dataclass(frozen=True)
class Page:
    """A page with its required rights; ``of`` is the label of its row's model, "" for an account's page."""

    get: str
    post: str
    of: str = ""
    args: Args | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    # With the right, the page says that the action is not possible for this row now.
    is_not_now: bool = False
    # The URL names its account.
    is_named: bool = False
    # It belongs to no single account: the right is needed in any account.
    is_anywhere: bool = False

    def arguments(self, world: World) -> list[Any]:
        return self.args(world) if self.args else [world[self.of].pk] if self.of else []


def table() -> dict[str, Page]:
    return {
        **dict(_models()), **_frame(), **_operations(), **_messages(), **_content(), **_sending(),
        **_menus(), **_money(), **_statistics(),
        # Erasing a person comes last, because their files are deleted permanently.
        **_followers(),
    }  # fmt: skip


def model(
    name: str,
    area: str,
    *,
    add: str = "",
    change: str = "",
    delete: str = "",
    versions: bool = False,
) -> Iterator[tuple[str, Page]]:
    """Yields the admin's pages of a model; the default right is that to change its area."""
    view, may_change = f"view:{area}", f"change:{area}"
    of = name.replace("_", ".")
    yield f"{name}_changelist", Page(view, view)
    yield f"{name}_add", Page(add or may_change, add or may_change)
    yield f"{name}_change", Page(view, change or may_change, of)
    yield f"{name}_delete", Page(delete or may_change, delete or may_change, of)
    yield f"{name}_history", Page(view, view, of)
    if versions:
        yield (
            f"{name}_simple_history",
            Page(view, may_change, of, lambda world: [world[of].pk, _version(world[of])]),
        )


def _version(row: Any) -> int:
    return int(row.history.first().pk)


def _models() -> Iterator[tuple[str, Page]]:
    fixed: dict[str, Any] = {"add": "nobody", "change": "nobody", "delete": "nobody"}
    yield from model("followers_follower", "followers", add="nobody", delete="nobody")
    # The right to view is sufficient to try out a condition.
    yield from model("followers_segment", "followers", change="view:followers", versions=True)
    yield from model("followers_customfield", "followers")
    yield from model("followers_autotag", "followers")
    yield from model("followers_tag", "followers")
    yield from model("login_visitor", "followers", **fixed)
    yield "login_visitor_erase", Page("change:followers", "change:followers", "login.visitor")
    yield from model("official_officialaccount", "settings", add="superuser", delete="nobody", versions=True)
    yield from model("staff_auditentry", "settings", **fixed)
    yield from model("api_apiclient", "settings")
    yield "api_apiclient_changelist", Page("view:settings", "view:settings", is_anywhere=True)
    yield "api_apiclient_add", Page("change:settings", "change:settings", is_anywhere=True)
    yield from model("api_tokenaccess", "settings", **fixed)
    yield from model("login_allowedsite", "settings")
    yield from model("merchants_merchant", "settings", delete="nobody", versions=True)
    yield "merchants_receipt_preview", Page("nobody", "view:settings", is_anywhere=True)
    yield "merchants_held_go_on", Page("nobody", "change:money", is_not_now=True)
    yield from model("webhooks_endpoint", "settings")
    yield from model("webhooks_delivery", "settings", **fixed)
    yield from model("inbox_inboundmessage", "messages", **fixed)
    yield from model("pushes_push", "messages", **fixed)
    yield from model("desk_cannedanswer", "messages")
    yield from model("materials_asset", "content")
    yield from model("articles_draft", "content")
    yield from model("replies_rule", "content", versions=True)
    yield from model("channels_channel", "content")
    yield from model("channels_poster", "content")
    yield from model("menus_miniprogram", "content")
    yield from model("menus_publication", "content", **fixed)
    yield from model("shop_item", "content")
    # Sales cannot be deleted.
    yield "shop_item_delete", Page("change:content", "change:content", "shop.item", is_not_now=True)
    yield from model("pushes_template", "sending")
    yield from model("pushes_eventtemplate", "sending", versions=True)
    yield from model("campaigns_campaign", "sending")
    yield from model("campaigns_masssend", "sending")
    yield from model("campaigns_sequence", "sending")
    for name in (
        "orders_order",
        "orders_refund",
        "bills_discrepancy",
        "notifications_notification",
        "bills_bill",
    ):
        yield from model(name, "money", **fixed)
    # Only the note on the delivery of a sale can be changed.
    yield from model("shop_sale", "money", add="nobody", delete="nobody")
    for name, page in model("auth_user", "x", add="superuser", change="superuser", delete="superuser"):
        yield name, Page("superuser", "superuser", page.of)
    # Limits have only a list, in which they are ended.
    for name, page in model("staff_signinlimit", "x", **fixed):
        yield name, Page("nobody" if page.get == "nobody" else "superuser", "nobody", page.of)
    yield "staff_signinlimit_changelist", Page("superuser", "superuser")
    yield "staff_signinlimit_history", Page("superuser", "superuser", "staff.signinlimit")
    # The list is an overview, and the page of a menu is its editor, which saves by itself.
    yield from model("menus_menu", "content", change="nobody", delete="nobody")
    yield "menus_menu_changelist", Page("view:content", "change:content")


def _frame() -> dict[str, Page]:
    return {
        "index": Page("anybody", "anybody"),
        "app_list": Page("anybody", "anybody", args=lambda world: ["orders"], is_not_now=True),
        "search": Page("anybody", "anybody"),
        "find": Page("anybody", "anybody"),
        # Rows that belong to the reader.
        "staff_filter_save": Page("nobody", "anybody", is_not_now=True),
        "staff_filter_delete": Page("nobody", "anybody", is_not_now=True),
        "help": Page("anybody", "anybody", args=lambda world: ["start"]),
        "jsi18n": Page("anybody", "nobody"),
        "login": Page("anybody", "anybody", is_not_now=True),
        "logout": Page("nobody", "anybody"),
        "password_change": Page("anybody", "anybody"),
        "password_change_done": Page("anybody", "nobody"),
        "first_password": Page("anybody", "anybody", args=lambda world: ["x", "y"]),
        "staff_me": Page("anybody", "anybody"),
        "staff_app_add": Page("anybody", "anybody"),
        "staff_passkey": Page("nobody", "anybody"),
        "staff_recovery_codes": Page("nobody", "anybody"),
        "staff_factor_remove": Page("nobody", "anybody", args=lambda world: [1]),
        "staff_sessions_end": Page("nobody", "anybody"),
        # Users who are already signed in are redirected.
        "staff_second_step": Page("anybody", "anybody", is_not_now=True),
        "staff_passkey_step": Page("nobody", "anybody", is_not_now=True),
        "auth_user_password_change": Page("superuser", "superuser", "auth.user"),
        # No field asks it for anything: what it would show is judged by the admin of the model asked for.
        "autocomplete": Page("nobody", "nobody"),
        "view_on_site": Page("nobody", "nobody", args=lambda world: [1, 1]),
        "switch_account": Page("nobody", "anybody"),
        "todo": Page("anybody", "nobody"),
        "todo_counts": Page("anybody", "nobody"),
        # Of a kind, which is the reader's or not.
        "todo_seen": Page("nobody", CHANGES_ANYTHING, is_not_now=True),
    }


def _followers() -> dict[str, Page]:
    view, change = "view:followers", "change:followers"
    return {
        "followers_sync": Page(view, change),
        "approvals_list": Page(view, change),
        "approvals_policy": Page("view:settings", "change:settings"),
        "approvals_approval": Page(
            f"{view}+view:sending",
            "view:followers+change:sending",
            "approvals.approval",
            data={"refused": "1"},
        ),
        "staff_colleagues": Page("view:settings", "change:settings"),
        "staff_invite": Page("change:settings", "change:settings"),
        "staff_colleague": Page("view:settings", "change:settings", "auth.user"),
        "staff_colleague_link": Page("nobody", "change:settings", "auth.user"),
        "staff_colleague_end": Page("nobody", "change:settings", "auth.user"),
        "staff_colleague_sessions": Page("nobody", "change:settings", "auth.user"),
        "staff_colleague_second": Page("nobody", "change:settings", "auth.user"),
        "staff_second_factor_rules": Page("view:settings", "change:settings"),
        "staff_personal_data": Page("view:settings", "change:settings"),
        "staff_audit_export": Page("view:settings", "change:settings"),
        "staff_retention": Page("view:settings", "change:settings"),
        "staff_held_go_on": Page(
            "nobody",
            "view:followers+change:followers|change:content|change:sending|change:money",
            is_not_now=True,
        ),
        "staff_held_decide": Page("nobody", "change:sending", is_not_now=True),
        # Whoever may look may have a file made, which is masked for them.
        "followers_bulk": Page(view, view),
        "followers_jobs": Page(view, change),
        "followers_job": Page(view, change, "followers.bulkjob"),
        "followers_job_file": Page(view, change, "followers.bulkjob"),
        "followers_import": Page(change, change),
        "followers_pick": Page(view, "nobody", is_named=True),
        "login_own_wechat": Page(view, view),
        "pushes_staff_notice": Page(view, view),
        "followers_avatar": Page(view, change, "followers.follower"),
        "followers_tag_again": Page("nobody", change, "followers.tag"),
        "staff_links": Page("view:content", "change:content", is_named=True),
        "staff_examine": Page("view:settings", "view:settings", "official.officialaccount"),
        "staff_previous_secrets_end": Page("nobody", "change:settings", "official.officialaccount"),
        "webhooks_endpoint_go_on": Page("nobody", "change:settings", "webhooks.endpoint"),
        "webhooks_endpoint_secret": Page("change:settings", "change:settings", "webhooks.endpoint"),
        "webhooks_endpoint_sample": Page(
            "change:settings", "change:settings", "webhooks.endpoint", is_not_now=True
        ),
        "api_apiclient_secret": Page("change:settings", "change:settings", "api.apiclient"),
        "api_apiclient_previous_secrets_end": Page("nobody", "change:settings", "api.apiclient"),
        "followers_erase": Page(change, change, "followers.follower"),
    }


def _operations() -> dict[str, Page]:
    change, account = "change:settings", "official.officialaccount"
    view = "view:settings"
    return {
        "operations_jobs": Page(
            "view:messages", "view:messages+change:followers|change:content|change:sending|change:money"
        ),
        # What failed of another area, or of no kind, is not found.
        "operations_failures": Page("view:followers", "nobody"),
        "operations_failures_of": Page("view:followers", "change:followers", args=lambda world: ["changes"]),
        # The right to view is sufficient to query WeChat.
        "operations_quotas": Page(view, view),
        "operations_quotas_clear": Page(change, change),
        "operations_tokens": Page(view, change),
        "operations_setup": Page("superuser", "superuser"),
        "operations_setup_go_on": Page(change, change, account),
        "operations_setup_step": Page(change, change, account, lambda world: [world.account.pk, "server"]),
    }


def _messages() -> dict[str, Page]:
    view, change = "view:messages", "change:messages"
    again = f"{view}+change:sending|change:messages"

    def conversation(world: World) -> list[Any]:
        return [world.account.pk, world["inbox.inboundmessage"].openid]

    return {
        "inbound_media": Page(view, change, "inbox.inboundmedia"),
        "inbox_unanswered": Page(view, f"{view}+change:messages|change:content"),
        "inbox_ignore": Page("nobody", f"{view}+change:messages|change:content"),
        "inbox_refused": Page(view, change),
        "inbox_conversation": Page(view, change, "inbox.inboundmessage", conversation),
        "inbox_again": Page("nobody", change, "inbox.inboundmessage"),
        "desk": Page(view, change),
        "desk_live": Page(view, change),
        "desk_act": Page("nobody", change, "desk.thread", data={"do": "close"}),
        "desk_hours": Page(view, change, data={"opens_at": "09:00", "closes_at": "18:00"}),
        "contents_preview": Page("nobody", "view:followers", is_named=True),
        "desk_kf": Page(view, change, data={"do": "add", "worker": "a", "nickname": "b"}),
        "desk_kf_records": Page(view, change),
        "pushes_picture": Page(view, change, "pushes.conversationpicture"),
        "pushes_push_again": Page(again, again, "pushes.push"),
        "pushes_push_go_on": Page("nobody", f"{view}+change:sending", is_not_now=True),
        "pushes_push_late": Page("nobody", f"{view}+change:sending"),
    }


def _content() -> dict[str, Page]:
    view, change, send = "view:content", "change:content", "view:content+change:sending"

    def poster(world: World) -> list[Any]:
        return [world["channels.channel"].pk, world["channels.poster"].pk]

    return {
        "materials_asset_pick": Page(view, "nobody", is_named=True),
        "materials_asset_receive": Page("nobody", change, is_named=True, is_not_now=True),
        "materials_asset_take": Page("nobody", change, "materials.asset", is_named=True),
        "materials_asset_small": Page(view, change, "materials.asset"),
        "materials_asset_file": Page(view, change, "materials.asset"),
        "materials_asset_upload": Page("nobody", change, "materials.asset"),
        "articles_autosave": Page(change, change, is_named=True, is_not_now=True),
        "articles_clean": Page("nobody", change, is_named=True, is_not_now=True),
        "articles_picture": Page("nobody", change, is_named=True, is_not_now=True),
        "articles_read": Page("nobody", change),
        "articles_save": Page("nobody", change, "articles.draft"),
        "articles_preview": Page(send, send, "articles.draft"),
        "articles_publish": Page(send, send, "articles.draft"),
        "articles_forget": Page("nobody", send, "articles.draft"),
        "articles_withdraw": Page(send, send, "articles.draft", is_not_now=True),
        "replies_tester": Page(view, change),
        "replies_never": Page(view, change),
        "replies_replay": Page(view, change, "replies.rule"),
        "replies_in_shadow": Page(view, change, "replies.rule"),
        "replies_export": Page(view, change),
        "replies_import": Page(change, change),
        "replies_import_platform": Page("nobody", change),
        "channels_report": Page(view, change),
        "channels_report_csv": Page(view, change),
        "channels_report_one": Page(view, change, "channels.channel"),
        "channels_batch": Page(change, change),
        "channels_batch_example": Page(change, change),
        "channels_make_again": Page(change, change, is_not_now=True),
        "channels_picture": Page(view, change, "channels.channel"),
        "channels_png": Page(view, change, "channels.channel"),
        "channels_svg": Page(view, change, "channels.channel"),
        "channels_poster": Page(view, change, "channels.channel", poster),
        "channels_background": Page(view, change, "channels.poster"),
        "shop_item_preview": Page(view, change, "shop.item"),
        "shop_item_png": Page(view, change, "shop.item"),
        "shop_item_svg": Page(view, change, "shop.item"),
    }


def _sending() -> dict[str, Page]:
    view, change = "view:sending", "change:sending"

    def of(*labels: str, letter: str = "") -> Args:
        return lambda world: [*(world[label].pk for label in labels), *letter]

    campaign, mass, sequence = "campaigns.campaign", "campaigns.masssend", "campaigns.sequence"
    return {
        "pushes_rates": Page(view, change),
        "pushes_template_industry": Page(change, change),
        "pushes_template_sync": Page("nobody", change),
        "pushes_template_held": Page(change, change, "pushes.template"),
        "pushes_template_try": Page(change, change, "pushes.template"),
        "campaigns_seeds": Page(view, change),
        "campaigns_edit": Page(change, change, campaign),
        "campaigns_variant": Page(change, change, campaign, of(campaign, letter="A")),
        "campaigns_text_preview": Page("nobody", view, campaign),
        "campaigns_variant_delete": Page("nobody", change, campaign, of(campaign, letter="A")),
        "campaigns_step": Page("nobody", change, campaign, data={"step": "check"}),
        "campaigns_test": Page("nobody", change, campaign),
        "campaigns_recipients": Page(view, change, campaign),
        "campaigns_recipients_csv": Page("nobody", view, campaign),
        "campaigns_mass_speed": Page(view, change),
        "campaigns_mass_send": Page(change, change, mass),
        "campaigns_mass_preview": Page(change, change, mass),
        "campaigns_mass_take_back": Page("nobody", change, mass),
        "campaigns_mass_delete_there": Page(change, change, mass, is_not_now=True),
        "campaigns_sequence_report": Page(view, change, sequence),
        "campaigns_sequence_settings": Page(view, change, sequence),
        "campaigns_sequence_dry_run": Page(view, change, sequence),
        "campaigns_sequence_remove": Page("nobody", change, sequence, of(sequence, "campaigns.enrolment")),
        "campaigns_sequence_fill": Page(change, change, sequence, of(sequence, "campaigns.sequencestep")),
    }


def _statistics() -> dict[str, Page]:
    return {
        "statistics_users": Page("view:followers", "change:followers"),
        "statistics_articles": Page("view:content", "change:content"),
        "statistics_messages": Page("view:messages", "change:messages"),
        "statistics_interface": Page("view:messages", "change:messages"),
    }


def _menus() -> dict[str, Page]:
    view, change, menu = "view:content", "change:content", "menus.menu"
    publish = "view:content+change:sending"
    return {
        "menus_begin": Page("nobody", change),
        # The right to view is sufficient to read the live menu again.
        "menus_read_live": Page("nobody", view),
        "menus_take_over": Page("nobody", f"{change}+change:sending"),
        "menus_export": Page(view, "nobody"),
        "menus_import": Page(change, change),
        "menus_cancel": Page("nobody", publish, "menus.publication"),
        "menus_draft": Page("nobody", change, menu),
        "menus_state": Page(view, "nobody", menu),
        "menus_reply": Page("nobody", change, menu),
        "menus_publish": Page(view, publish, menu),
        "menus_take_off": Page(publish, publish, menu),
        "menus_versions": Page(view, "nobody", menu),
        "menus_restore": Page("nobody", change, menu, data={"version": "1"}),
        "menus_statistics": Page(view, "nobody", menu),
        "menus_figures": Page(view, change),
        "menus_shift": Page("nobody", change, "menus.conditional"),
        # A copy into another account, where the reader has the right to change.
        "menus_copy": Page(view, view, menu, is_not_now=True),
        "menus_audience": Page(change, change, "menus.conditional"),
    }


def _money() -> dict[str, Page]:
    view, change = "view:money", "change:money"
    return {
        "orders_revenue": Page(view, change),
        "orders_order_refund": Page(change, change, "orders.order"),
        "orders_order_query": Page(change, change, "orders.order"),
        "orders_order_close": Page(change, change, "orders.order"),
        # Of an official account's order WeChat wants no word on the delivery.
        "orders_order_ship": Page(change, change, "orders.order", is_not_now=True),
        "orders_refund_decide": Page(change, change, "orders.refund"),
        "orders_refund_pay_out": Page(change, change, "orders.refund"),
        "bills_discrepancy_close": Page(change, change, "bills.discrepancy"),
        "bills_discrepancy_propose": Page(change, change, "bills.discrepancy"),
        "bills_discrepancy_decide": Page(change, change, "bills.discrepancy"),
        "shop_sale_export": Page("nobody", view, is_not_now=True),
        "notifications_notification_again": Page(change, change, "notifications.notification"),
        "bills_bill_file": Page(view, change, "bills.bill"),
        "bills_bill_export": Page(view, change),
        "bills_bill_again": Page(change, change, "bills.bill"),
        "bills_bill_fetch": Page(change, change),
    }
