"""The whole state of the platform, in one process."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from simulator.addresses import Addresses
from simulator.clock import Clock
from simulator.comments import Comments
from simulator.components import Component
from simulator.drafts import Newsroom
from simulator.errors import ApiError
from simulator.faults import Fault
from simulator.follower_list import FollowerList
from simulator.growth import Growth
from simulator.kf import CustomerService
from simulator.live import Live
from simulator.logins import Logins
from simulator.mass import MassSends
from simulator.menus import Menus
from simulator.pay.state import PayState
from simulator.quotas import Quotas
from simulator.templates import Held, Template
from simulator.tls import Authority
from simulator.tokens import TokenBook
from simulator.windows import Grant

RECENT_CALLS = 500
REQUESTS_KEPT = 1_000
MEDIA_LIFE = 3 * 86_400


@dataclass(slots=True)
class Follower:
    """A current or former follower of one account. Times are Unix seconds."""

    openid: str
    subscribed: bool = True
    subscribed_at: int = 0
    subscribe_scene: str = "ADD_SCENE_SEARCH"
    qr_scene: int = 0
    qr_scene_str: str = ""
    remark: str = ""
    tags: list[int] | None = None
    grants: dict[str, Grant] | None = None
    last_exchange: float = 0.0
    typing_until: float = 0.0
    with_worker: bool = False
    blacklisted: bool = False
    unionid: str = ""
    habit: str = ""


@dataclass(slots=True)
class Media:
    """A file, temporary (three days) or permanent. ``kind`` is image, voice, video or thumb."""

    media_id: str
    kind: str
    name: str
    content_type: str
    data: bytes
    created_at: int
    permanent: bool = False
    title: str = ""
    introduction: str = ""
    # Recorded by the JS-SDK of a page, so that it is also available as speex.
    from_jssdk: bool = False


@dataclass(slots=True)
class QrCode:
    """A code with parameters. ``scene`` keeps its type: int for scene_id, str for scene_str."""

    ticket: str
    scene: int | str
    url: str
    ends_at: float | None = None


@dataclass(slots=True)
class Attempt:
    """One attempt to deliver a push: the request, its duration, the response and its verdict."""

    number: int
    at: float
    request: dict[str, Any]
    ms: float = 0.0
    status: int | None = None
    body: str = ""
    reply: dict[str, Any] | None = None
    verdict: str = "waiting"
    detail: str = ""


@dataclass(slots=True)
class Entry:
    """One line of a conversation, as shown on the phone.

    ``side`` is its cause: "follower" or "platform" (then ``attempts`` are its deliveries), or "account" (then
    it is part of the ledger).
    """

    seq: int
    at: float
    openid: str
    side: str
    via: str
    msgtype: str
    content: dict[str, Any]
    msg_id: str = ""
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(slots=True)
class ShortKey:
    """A text stored under a short key. Times are Unix seconds."""

    data: str
    made_at: int
    ends_at: int


@dataclass(slots=True)
class Account:
    """An official account or mini program, with its settings on the platform and its data."""

    appid: str
    secret: str = ""
    token: str = ""
    aes_key: str = ""
    mode: str = "plain"
    format: str = "xml"
    original_id: str = ""
    kind: str = "service"
    verified: bool = True
    name: str = ""
    callback_url: str = ""
    open_platform: bool = False
    sandbox: bool = False
    # The hosts (or host:port) where people can log in; if empty, the callback's host.
    oauth_domains: list[str] = field(default_factory=list)
    ip_whitelist: list[str] = field(default_factory=list)
    autoreply: dict[str, Any] = field(
        default_factory=lambda: {"is_add_friend_reply_open": 0, "is_autoreply_open": 0}
    )
    tokens: TokenBook = field(default_factory=TokenBook)
    quotas: Quotas = field(default_factory=Quotas)
    followers: dict[str, Follower] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    qrcodes: dict[str, QrCode] = field(default_factory=dict)
    template_sends: dict[str, list[int]] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    industries: list[int] = field(default_factory=lambda: [31, 38])
    industries_changed_in: str = ""
    # The options that a component can set, by name.
    options: dict[str, str] = field(default_factory=dict)
    # The number of messages of a template that a person allows, by "openid template".
    notice_grants: dict[str, int] = field(default_factory=dict)
    short_keys: dict[str, ShortKey] = field(default_factory=dict)
    comments: Comments = field(default_factory=Comments)
    # Openids with the account from which followers were migrated, to those with this account.
    moved: dict[str, str] = field(default_factory=dict)
    growth: Growth = field(default_factory=Growth)
    newsroom: Newsroom = field(default_factory=Newsroom)
    mass: MassSends = field(default_factory=MassSends)
    customer_service: CustomerService = field(default_factory=CustomerService)
    logins: Logins = field(default_factory=Logins)
    tags: dict[str, str] = field(default_factory=dict)
    miniprograms: list[str] = field(default_factory=list)
    # The uploaded shipments of a mini program's orders, by transaction.
    shipped: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    menus: Menus = field(default_factory=Menus)
    entries: list[Entry] = field(default_factory=list)
    failed_pushes: int = 0
    held_until: float = 0.0

    def authorises(self, url: str) -> bool:
        """Returns whether people can log in at this URL, so that the phone opens it."""
        parts = urlsplit(url)
        known = self.oauth_domains or [urlsplit(self.callback_url).netloc]
        return bool(parts.netloc) and (parts.netloc in known or parts.hostname in known)

    def follower(self, openid: str) -> Follower:
        """Returns a current or former follower. Raises 40003 if the openid is unknown to this account."""
        try:
            return self.followers[openid]
        except KeyError:
            raise ApiError(40003) from None

    def find_media(self, media_id: str, now: float, *kinds: str) -> Media:
        """Returns a file. Raises 40007 if it is unknown, expired or of another kind."""
        media = self.media.get(media_id)
        if media is None or (kinds and media.kind not in kinds):
            raise ApiError(40007)
        if not media.permanent and media.created_at + MEDIA_LIFE <= now:
            raise ApiError(40007)
        return media


@dataclass(slots=True)
class Settings:
    """The settings of the platform's behaviour, in seconds unless named otherwise.

    ``repeats`` is the number of deliveries after the first. A page of followers begins with
    ``user_page_repeats`` followers of the page before it, and omits ``user_page_skips`` at its end.
    """

    deadline: float = 5.0
    repeats: int = 3
    repeat_pause: float = 1.0
    same_signature_on_repeat: bool = False
    mark_fail_after: int = 3
    mark_fail_seconds: float = 60.0
    user_page_size: int = 10_000
    user_page_repeats: int = 0
    user_page_skips: int = 0
    user_page_reverses: bool = False
    sign_with_clock: bool = False
    # The words that content checks find risky; the first is the example in the platform's documentation.
    risky_words: list[str] = field(default_factory=lambda: ["特3456书yuuo莞6543李zxcz蒜7782法fgnv级"])
    result_event_delay: float = 0.2
    # WeChat: 300, which is too long to wait for in a trial.
    menu_copy_seconds: float = 0.0


@dataclass(slots=True)
class State:
    """The state of the world that is saved and restored."""

    accounts: dict[str, Account] = field(default_factory=dict)
    components: dict[str, Component] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)
    clock: Clock = field(default_factory=Clock)
    pay: PayState = field(default_factory=PayState)
    last_number: int = 0


@dataclass(slots=True)
class CallRecord:
    api: str
    appid: str
    at: float
    errcode: int
    ms: float


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A refused request, as ``rid/get`` returns it, without its credentials."""

    appid: str
    invoke_time: int
    cost_in_ms: int
    request_url: str
    request_body: str
    response_body: str
    client_ip: str


class World:
    """The state, with data derived from it while the process runs."""

    def __init__(self, addresses: Addresses | None = None, authority: Authority | None = None) -> None:
        """Creates an empty world; ``callback_ca`` is the authority's file for https callbacks, or empty."""
        self.addresses = addresses or Addresses.all_at("http://127.0.0.1:8800")
        self.authority = authority
        self.callback_ca = ""
        self.live = Live()
        self.replace_state(State())

    def replace_state(self, state: State) -> None:
        """Replaces the whole state by ``state``."""
        self.state = state
        self.changes = 0
        self.call_counts: dict[str, Counter[str]] = {}
        self.recent_calls: deque[CallRecord] = deque(maxlen=RECENT_CALLS)
        self.requests: dict[str, RequestRecord] = {}
        self.by_token = {
            value: each.appid for each in state.accounts.values() for value in each.tokens.issued
        }
        # The component and the account of each authorizer_access_token, by the token.
        self.by_authorizer_token = {
            value: (component.appid, appid)
            for component in state.components.values()
            for appid, each in component.authorizations.items()
            for value in each.tokens.issued
        }
        self.follower_lists: dict[str, FollowerList] = {}
        self.threads: dict[tuple[str, str], list[Entry]] = {}
        for account in state.accounts.values():
            for entry in account.entries:
                self.threads.setdefault((account.appid, entry.openid), []).append(entry)
        self.live.publish_reset()

    def reset(self, *, keep_accounts: bool = False) -> None:
        kept = [fresh(each) for each in self.state.accounts.values()] if keep_accounts else []
        components = self.state.components.values() if keep_accounts else ()
        pay = self.state.pay.emptied() if keep_accounts else PayState()
        self.replace_state(
            State(
                accounts={each.appid: each for each in kept},
                components={each.appid: each.emptied() for each in components},
                pay=pay,
            )
        )

    @property
    def now(self) -> float:
        return self.state.clock.now()

    @property
    def settings(self) -> Settings:
        return self.state.settings

    def account(self, appid: str) -> Account:
        """Returns an account. Raises 40013 if the AppID is unknown."""
        try:
            return self.state.accounts[appid]
        except KeyError:
            raise ApiError(40013) from None

    def authorization_of(self, token: str) -> tuple[Component | None, str]:
        """Returns the component of an authorizer_access_token, and the account's AppID."""
        component, appid = self.by_authorizer_token.get(token, ("", ""))
        return self.state.components.get(component), appid

    def next_number(self) -> int:
        self.state.last_number += 1
        return self.state.last_number

    def message_id(self) -> int:
        """Returns a unique 64-bit number above 2^53, like real message ids."""
        return 25_120_000_000_000_000 + int(self.now * 1000) % 10**10 * 10_000 + self.next_number() % 10_000

    def next_menu_id(self) -> int:
        return 450_215_000 + self.next_number()

    def follow(self, account: Account, openid: str, scene: str = "ADD_SCENE_SEARCH") -> Follower:
        """Creates or renews a follower; the list of followers stays ordered by time of following."""
        follower_list = self.follower_list(account)
        follower = account.followers.pop(openid, None) or Follower(openid, subscribed=False)
        anew = not follower.subscribed
        follower.subscribed, follower.subscribed_at = True, int(self.now)
        follower.subscribe_scene, follower.qr_scene, follower.qr_scene_str = scene, 0, ""
        account.followers[openid] = follower
        follower_list.followed(openid, anew=anew)
        account.growth.change(self.state.clock.day(), scene).came += anew
        account.menus.forget_copy(openid)
        return follower

    def unfollow(self, account: Account, follower: Follower) -> None:
        follower_list = self.follower_list(account)
        if follower.subscribed:
            follower_list.left()
            account.growth.change(self.state.clock.day(), follower.subscribe_scene).left += 1
        follower.subscribed, follower.grants, follower.with_worker = False, None, False

    def follower_list(self, account: Account) -> FollowerList:
        if account.appid not in self.follower_lists:
            self.follower_lists[account.appid] = FollowerList(account.followers)
        return self.follower_lists[account.appid]

    def add_media(self, account: Account, kind: str, name: str, content_type: str, data: bytes) -> Media:
        media_id = secrets.token_urlsafe(48)
        media = Media(media_id, kind, name, content_type, data, int(self.now))
        account.media[media_id] = media
        return media

    def media_url(self, account: Account, media: Media) -> str:
        return f"{self.addresses.mp}/mmbiz/{account.appid}/{media.media_id}"

    def write(
        self,
        account: Account,
        openid: str,
        side: str,
        via: str,
        msgtype: str,
        content: dict[str, Any],
        msg_id: str = "",
    ) -> Entry:
        """Adds a line to a conversation and shows it on all phones that have it open."""
        entry = Entry(self.next_number(), self.now, openid, side, via, msgtype, content, msg_id)
        if self.holds(account):
            account.entries.append(entry)
            self.threads.setdefault((account.appid, openid), []).append(entry)
            self.show(account, entry)
        return entry

    def holds(self, account: Account) -> bool:
        """Returns whether the account belongs to the current state.

        After a reset it does not; tasks that still run for it must not change the new state.
        """
        return self.state.accounts.get(account.appid) is account

    def show(self, account: Account, entry: Entry) -> None:
        if not self.holds(account):
            return
        self.changes += 1
        self.live.publish(account.appid, entry.openid, "entry", entry)

    def thread(self, appid: str, openid: str) -> list[Entry]:
        return self.threads.get((appid, openid), [])

    def record_request(self, rid: str, record: RequestRecord) -> None:
        self.requests[rid] = record
        if len(self.requests) > REQUESTS_KEPT:
            del self.requests[next(iter(self.requests))]

    def record_call(self, api: str, appid: str, errcode: int, ms: float) -> None:
        self.changes += 1
        counts = self.call_counts.get(appid)
        if counts is None:
            counts = self.call_counts[appid] = Counter()
        counts[api] += 1
        self.recent_calls.append(CallRecord(api, appid, self.now, errcode, ms))


def fresh(account: Account) -> Account:
    """Returns the same account with its settings only, without followers and messages."""
    names = (
        "appid",
        "secret",
        "token",
        "aes_key",
        "mode",
        "format",
        "original_id",
        "kind",
        "verified",
        "name",
        "open_platform",
        "sandbox",
    )
    kept = {
        name: getattr(account, name)
        for name in (*names, "callback_url", "oauth_domains", "ip_whitelist", "miniprograms", "autoreply")
    }
    return Account(**kept)


def new_openid() -> str:
    return "o" + secrets.token_urlsafe(21)[:27]


def openid_of(appid: str, person: str) -> str:
    """Returns a person's openid with an account, which is deterministic and different for each account."""
    digest = hashlib.sha256(f"{appid}/{person}".encode()).digest()
    return "o" + urlsafe_b64encode(digest).decode()[:27]


def union(account: Account, person: str) -> dict[str, str]:
    """Returns a person's unionid if the account is bound to the Open Platform, else {}."""
    return {"unionid": openid_of("union", person)} if account.open_platform else {}
