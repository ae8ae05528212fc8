"""The navigation of the console: the sidebar, the user's menu, and the switch between accounts."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.staff.rights import Area, Rights, current_account


@dataclass(frozen=True)
class NavigationEntry:
    """A link of the sidebar; without an area it is for superusers."""

    title: StrOrPromise
    icon: str
    url_name: str
    area: Area | None


GROUPS: list[tuple[StrOrPromise, list[NavigationEntry]]] = [
    (
        _("Messages"),
        [
            NavigationEntry(
                _("Message log"), "forum", "admin:inbox_inboundmessage_changelist", Area.MESSAGES
            ),
            NavigationEntry(_("Service desk"), "support_agent", "admin:desk", Area.MESSAGES),
            NavigationEntry(_("Unanswered"), "contact_support", "admin:inbox_unanswered", Area.MESSAGES),
        ],
    ),
    (
        _("Replies and menus"),
        [
            NavigationEntry(_("Menus"), "menu", "admin:menus_menu_changelist", Area.CONTENT),
            NavigationEntry(_("Rules"), "alt_route", "admin:replies_rule_changelist", Area.CONTENT),
            NavigationEntry(_("Rule tester"), "science", "admin:replies_tester", Area.CONTENT),
        ],
    ),
    (
        _("Content and sending"),
        [
            NavigationEntry(
                _("Media library"), "perm_media", "admin:materials_asset_changelist", Area.CONTENT
            ),
            NavigationEntry(_("Articles"), "article", "admin:articles_draft_changelist", Area.CONTENT),
            NavigationEntry(_("Campaigns"), "campaign", "admin:campaigns_campaign_changelist", Area.SENDING),
            NavigationEntry(_("Mass sends"), "podcasts", "admin:campaigns_masssend_changelist", Area.SENDING),
            NavigationEntry(
                _("Sequences"), "schedule_send", "admin:campaigns_sequence_changelist", Area.SENDING
            ),
            NavigationEntry(_("Templates"), "description", "admin:pushes_template_changelist", Area.SENDING),
            NavigationEntry(_("Sent messages"), "send", "admin:pushes_push_changelist", Area.MESSAGES),
        ],
    ),
    (
        _("Users"),
        [
            NavigationEntry(_("Followers"), "group", "admin:followers_follower_changelist", Area.FOLLOWERS),
            NavigationEntry(_("Visitors"), "person_pin", "admin:login_visitor_changelist", Area.FOLLOWERS),
            NavigationEntry(_("Tags"), "sell", "admin:followers_tag_changelist", Area.FOLLOWERS),
            NavigationEntry(
                _("Segments"), "filter_alt", "admin:followers_segment_changelist", Area.FOLLOWERS
            ),
            NavigationEntry(_("Channels"), "qr_code_2", "admin:channels_channel_changelist", Area.CONTENT),
        ],
    ),
    (
        _("Payments"),
        [
            NavigationEntry(_("Orders"), "receipt_long", "admin:orders_order_changelist", Area.MONEY),
            NavigationEntry(_("Refunds"), "undo", "admin:orders_refund_changelist", Area.MONEY),
            NavigationEntry(_("Payment items"), "storefront", "admin:shop_item_changelist", Area.CONTENT),
            NavigationEntry(_("Buyers"), "local_shipping", "admin:shop_sale_changelist", Area.MONEY),
            NavigationEntry(_("Discrepancies"), "rule", "admin:bills_discrepancy_changelist", Area.MONEY),
            NavigationEntry(_("Bills"), "account_balance", "admin:bills_bill_changelist", Area.MONEY),
        ],
    ),
    (
        _("Statistics"),
        [
            NavigationEntry(_("User analysis"), "group_add", "statistics_users", Area.FOLLOWERS),
            NavigationEntry(_("Article analysis"), "menu_book", "statistics_articles", Area.CONTENT),
            NavigationEntry(_("Menu analysis"), "touch_app", "admin:menus_figures", Area.CONTENT),
            NavigationEntry(_("Message analysis"), "bar_chart", "statistics_messages", Area.MESSAGES),
            NavigationEntry(_("Interface analysis"), "swap_vert", "statistics_interface", Area.MESSAGES),
            NavigationEntry(_("Channel report"), "qr_code_scanner", "admin:channels_report", Area.CONTENT),
            NavigationEntry(_("Revenue"), "payments", "admin:orders_revenue", Area.MONEY),
        ],
    ),
    (
        _("Settings"),
        [
            NavigationEntry(
                _("Official accounts"),
                "settings",
                "admin:official_officialaccount_changelist",
                Area.SETTINGS,
            ),
            NavigationEntry(
                _("Merchants"), "storefront", "admin:merchants_merchant_changelist", Area.SETTINGS
            ),
            NavigationEntry(_("API clients"), "api", "admin:api_apiclient_changelist", Area.SETTINGS),
            NavigationEntry(_("Webhooks"), "webhook", "admin:webhooks_endpoint_changelist", Area.SETTINGS),
            NavigationEntry(_("Login sites"), "login", "admin:login_allowedsite_changelist", Area.SETTINGS),
        ],
    ),
    (
        _("Operations"),
        [
            NavigationEntry(_("Background work"), "engineering", "operations_jobs", Area.MESSAGES),
            NavigationEntry(_("What failed"), "error", "operations_failures", Area.FOLLOWERS),
            NavigationEntry(_("Quotas"), "speed", "operations_quotas", Area.SETTINGS),
            NavigationEntry(_("Tokens"), "vpn_key", "operations_tokens", Area.SETTINGS),
            NavigationEntry(
                _("Webhook deliveries"), "outbox", "admin:webhooks_delivery_changelist", Area.SETTINGS
            ),
            NavigationEntry(
                _("How long data is kept"), "auto_delete", "admin:staff_retention", Area.SETTINGS
            ),
        ],
    ),
    (
        _("Team"),
        [
            NavigationEntry(_("Colleagues"), "group", "admin:staff_colleagues", Area.SETTINGS),
            NavigationEntry(_("Approval limits"), "rule_settings", "admin:approvals_policy", Area.SETTINGS),
            NavigationEntry(_("Audit log"), "history", "admin:staff_auditentry_changelist", Area.SETTINGS),
            NavigationEntry(_("All staff"), "badge", "admin:auth_user_changelist", None),
            NavigationEntry(_("Sign-in limits"), "lock_clock", "admin:staff_signinlimit_changelist", None),
        ],
    ),
]


# Pages without an entry of their own, by the one under which they are found.
BENEATH = {
    "admin:desk_cannedanswer_changelist": "admin:desk",
    "admin:menus_miniprogram_changelist": "admin:menus_menu_changelist",
    "admin:menus_publication_changelist": "admin:menus_menu_changelist",
    "admin:pushes_eventtemplate_changelist": "admin:pushes_template_changelist",
    "admin:pushes_staff_notice": "todo",
    "admin:followers_customfield_changelist": "admin:followers_follower_changelist",
    "admin:followers_autotag_changelist": "admin:followers_tag_changelist",
    "admin:channels_poster_changelist": "admin:channels_channel_changelist",
    "admin:notifications_notification_changelist": "admin:merchants_merchant_changelist",
    "admin:api_tokenaccess_changelist": "admin:api_apiclient_changelist",
    "operations_setup": "admin:official_officialaccount_changelist",
}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Returns the sidebar for this member of staff, with the entries whose area they may look at."""
    overview = NavigationEntry(_("Overview"), "space_dashboard", "admin:index", None)
    waiting = NavigationEntry(_("Waiting for you"), "notifications_active", "todo", None)
    approvals = NavigationEntry(_("Approvals"), "task_alt", "admin:approvals_list", Area.FOLLOWERS)
    own = [_item(entry, reverse(entry.url_name)) for entry in (overview, waiting)]
    own += _items(approvals, request)
    groups: list[dict[str, Any]] = [{"items": own}] + [
        {"title": title, "items": [item for entry in entries for item in _items(entry, request)]}
        for title, entries in GROUPS
    ]
    items: list[dict[str, Any]] = [item for group in groups for item in group["items"]]
    here = _entry_of(request.path, {item["link"] for item in items})
    for item in items:
        item["active"] = item["link"] == here
    return [group for group in groups if group["items"]]


def _entry_of(path: str, links: set[str]) -> str:
    """Returns the longest address of the sidebar that the path begins with; unfold would highlight all."""
    overview = reverse("admin:index")
    leads = {link: link for link in links} | {reverse(page): reverse(BENEATH[page]) for page in BENEATH}
    found = [link for link in leads if path == link or (path.startswith(link) and link != overview)]
    return leads[max(found, key=len)] if found else ""


def _items(entry: NavigationEntry, request: HttpRequest) -> list[dict[str, Any]]:
    rights = Rights.of(request.user)
    allowed = rights.everything if entry.area is None else bool(rights.viewable(entry.area))
    return [_item(entry, reverse(entry.url_name))] if allowed else []


def _item(entry: NavigationEntry, link: str) -> dict[str, Any]:
    return {"title": entry.title, "icon": entry.icon, "link": link}


def account_links(request: HttpRequest) -> list[dict[str, Any]]:
    """Returns the entries of the menu below the user's name."""
    return [
        {"title": _("My account"), "link": reverse("admin:staff_me")},
        {"title": _("Change password"), "link": reverse("admin:password_change")},
    ]


def account_switch(request: HttpRequest) -> dict[str, Any]:
    """Returns the template context for the switch between accounts, which every page has."""
    accounts = list(Rights.of(request.user).accounts.values())
    current = accounts and current_account(request)
    return {"switch": {"accounts": accounts, "current": current, "back": _back(request)}}


def _back(request: HttpRequest) -> str:
    """Returns the address to open after a switch of the account: for a page about one row, its list.

    Such a row belongs to one account, its list works for any.
    """
    root = reverse("admin:index")
    app_and_model = request.path.removeprefix(root).split("/")[:2]
    below = f"{root}{'/'.join(app_and_model)}/"
    is_about_one = bool(request.resolver_match and request.resolver_match.kwargs)
    is_new = request.path == f"{below}add/"
    return below if len(app_and_model) == 2 and (is_about_one or is_new) else request.path
