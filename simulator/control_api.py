"""The ``/_sim`` routes, by which tests and the demo set up the world and inspect what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator import account_settings, personas, strict_json
from simulator.account_settings import CHECKS, SECRETS
from simulator.api import mass
from simulator.chat import act, as_ledger_line
from simulator.comments import Comment
from simulator.drafts import BLOCKED
from simulator.errors import ApiError
from simulator.faults import Fault
from simulator.kf import FROM_WORKER, Record
from simulator.mass import MassSends
from simulator.openapi import Body, Operation
from simulator.push import Pusher
from simulator.saving import dump, load_object
from simulator.templates import Template
from simulator.user_actions import Actor, ImpossibleError
from simulator.world import Account, Settings, State, World, new_openid, openid_of


class BadRequestError(Exception):
    """An error of the caller, with a message and an HTTP status."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Ask:
    """A request of the control API."""

    world: World
    pusher: Pusher
    request: Request
    body: dict[str, Any]

    @property
    def account(self) -> Account:
        return self.found(self.request.path_params["appid"])

    def needed(self, name: str) -> Any:
        if name not in self.body:
            raise BadRequestError(f"{name} is missing")
        return self.body[name]

    def people(self, name: str, otherwise: int) -> int:
        count = self.body.get(name, otherwise)
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST_PEOPLE:
            raise BadRequestError(f"{name} must be a number up to {MOST_PEOPLE:,}")
        return count

    def found(self, appid: str) -> Account:
        try:
            return self.world.account(appid)
        except ApiError:
            raise BadRequestError(f"no account {appid}", 404) from None


Handler = Callable[[Ask], Awaitable[Any]]
MOST_PEOPLE = 10_000_000
# The maximal offset of the clock from the real time, in seconds.
FARTHEST = 30 * 365 * 86_400


async def health(ask: Ask) -> Any:
    """Answers as soon as the simulator is running."""
    return {"ok": True}


async def reset(ask: Ask) -> Any:
    """Deletes the whole state; with ``keep_accounts`` the accounts and their settings stay."""
    ask.world.reset(keep_accounts=bool(ask.body.get("keep_accounts")))
    return {"ok": True}


async def list_accounts(ask: Ask) -> Any:
    """Lists the accounts without their secrets."""
    return {"accounts": [described(ask.world, each) for each in ask.world.state.accounts.values()]}


def described(world: World, account: Account) -> dict[str, Any]:
    shown = {name: getattr(account, name) for name in ("appid", *CHECKS) if name not in SECRETS}
    return {**shown, "followers": world.follower_list(account).total, "held_until": account.held_until}


async def put_account(ask: Ask) -> Any:
    """Creates an account, or changes its named fields."""
    appid = ask.body.get("appid")
    if not isinstance(appid, str) or not appid:
        raise BadRequestError("appid is missing")
    changes = {name: value for name, value in ask.body.items() if name != "appid" and value is not None}
    account = ask.world.state.accounts.get(appid) or Account(appid)
    account_settings.apply(account, changes)
    if appid not in ask.world.state.accounts:
        ask.world.state.accounts[appid] = account
        ask.world.live.publish_reset()
    return described(ask.world, account)


async def verify(ask: Ask) -> Any:
    """Verifies the callback URL, as the platform does when it is saved."""
    return await ask.pusher.verify(ask.account)


async def add_followers(ask: Ask) -> Any:
    """Adds followers without events and without windows for messages."""
    openids = ask.body.get("openids") or [new_openid() for _ in range(ask.people("count", 1))]
    if not isinstance(openids, list) or not all(isinstance(each, str) and each for each in openids):
        raise BadRequestError("openids must be a list of texts")
    for openid in openids:
        follower = ask.world.follow(ask.account, openid)
        if not ask.body.get("subscribed", True):
            ask.world.unfollow(ask.account, follower)
    return {"openids": openids}


async def add_personas(ask: Ask) -> Any:
    """Adds ``count`` followers with tags, scenes and habits; the same ``seed`` creates the same followers."""
    ask.people("count", 1)
    known = fitting(personas.Seeding, ask.body)
    return {"followers": personas.seed(ask.world, ask.account, known)}


async def let_personas_act(ask: Ask) -> Any:
    """Performs usual actions of ``count`` of these followers; the answer counts the actions."""
    return await personas.act_some(ask.pusher, ask.account, ask.people("count", 10))


async def act_in_chat(ask: Ask) -> Any:
    """Performs an action of a person in the chat; the answer lists its deliveries and the phone's content."""
    actor = Actor(ask.world, ask.account, ask.request.path_params["openid"])
    return await act(ask.pusher, actor, ask.body)


async def ledger(ask: Ask) -> Any:
    """Returns the messages that followers received, the oldest first; ``after`` is a seq already seen."""
    query = ask.request.query_params
    after, openid = int(query.get("after") or 0), query.get("openid")
    entries = ask.world.thread(ask.account.appid, openid) if openid else ask.account.entries
    return {
        "entries": [as_ledger_line(each) for each in entries if each.side == "account" and each.seq > after]
    }


async def deliveries(ask: Ask) -> Any:
    """Lists all pushes with their delivery attempts, the oldest first."""
    query = ask.request.query_params
    after, openid = int(query.get("after") or 0), query.get("openid")
    entries = ask.world.thread(ask.account.appid, openid) if openid else ask.account.entries
    return {"entries": [dump(each) for each in entries if each.side != "account" and each.seq > after]}


async def add_fault(ask: Ask) -> Any:
    """Adds a fault rule, by which calls fail from now on; the answer has the id of the rule."""
    if not ask.body.get("api"):
        raise BadRequestError("api is missing")
    fault = fitting(Fault, {**ask.body, "id": ask.world.next_number()})
    ask.world.state.faults.append(fault)
    return {"id": fault.id}


def fitting(kind: type[Any], data: dict[str, Any]) -> Any:
    try:
        return load_object(kind, data)
    except ValueError as error:
        raise BadRequestError(str(error)) from error


async def list_faults(ask: Ask) -> Any:
    """Lists the fault rules, each with how many more times it applies."""
    return {"faults": dump(ask.world.state.faults)}


async def drop_faults(ask: Ask) -> Any:
    """Deletes one fault rule, or all of them."""
    wanted = ask.request.path_params.get("id")
    faults = ask.world.state.faults
    faults[:] = [each for each in faults if wanted is not None and each.id != wanted]
    return {"ok": True}


async def move_clock(ask: Ask) -> Any:
    """Moves the platform's clock by ``advance`` seconds, or sets its ``offset`` from the real time."""
    clock = ask.world.state.clock
    offset = float(ask.body.get("offset", clock.offset)) + float(ask.body.get("advance", 0))
    if not abs(offset) <= FARTHEST:
        raise BadRequestError("the clock moves by thirty years at most")
    clock.offset = offset
    return await show_clock(ask)


async def show_clock(ask: Ask) -> Any:
    """Returns the platform's time in Unix seconds and its offset from the real time."""
    return {"now": ask.world.now, "offset": ask.world.state.clock.offset}


async def change_settings(ask: Ask) -> Any:
    """Changes settings of the platform's behaviour."""
    known = {each.name for each in fields(Settings)}
    for name in ask.body:
        if name not in known:
            raise BadRequestError(f"there is no setting {name}; known are {', '.join(sorted(known))}")
    changed = fitting(Settings, {**dump(ask.world.settings), **ask.body})
    for name in ask.body:
        setattr(ask.world.settings, name, getattr(changed, name))
    return dump(ask.world.settings)


async def show_settings(ask: Ask) -> Any:
    """Returns the settings of the platform's behaviour."""
    return dump(ask.world.settings)


async def calls(ask: Ask) -> Any:
    """Counts the calls by API, and lists the last ones with their errcode and milliseconds."""
    appid = ask.request.query_params.get("appid")
    chosen = ask.world.call_counts.items()
    counts = sum((each for owner, each in chosen if appid in (None, owner)), Counter[str]())
    recent = [dump(each) for each in ask.world.recent_calls if appid in (None, each.appid)]
    return {"counts": counts, "recent": recent}


async def invalidate_tokens(ask: Ask) -> Any:
    """Invalidates all access tokens, as a new secret does."""
    ask.account.tokens.invalidate(ask.world.now)
    return {"ok": True}


async def set_quota(ask: Ask) -> Any:
    """Sets the limit of an API by day or by minute."""
    path, quotas = ask.body.get("api"), ask.account.quotas
    if not isinstance(path, str):
        raise BadRequestError("api is missing")
    if "daily_limit" in ask.body:
        quotas.daily[path] = int(ask.body["daily_limit"])
    if "minute_limit" in ask.body:
        quotas.a_minute[path] = int(ask.body["minute_limit"])
    return {"daily_limit": quotas.daily_limit(path), "minute_limit": quotas.minute_limit(path)}


async def change_worker(ask: Ask) -> Any:
    """Acts as a worker: accepts the invitation (``accept``), goes on- or offline (``online``), or writes
    a ``text`` to an ``openid``.
    """
    service = ask.account.customer_service
    worker = service.workers.get(ask.request.path_params["worker"])
    if worker is None:
        raise BadRequestError("no such worker", 404)
    if ask.body.get("accept"):
        worker.wechat_id = worker.invite_wx
    worker.online = bool(ask.body.get("online", worker.online)) and bool(worker.wechat_id)
    if "text" in ask.body:
        openid, text = str(ask.needed("openid")), str(ask.body["text"])
        service.records.append(Record(openid, FROM_WORKER, text, int(ask.world.now), worker.account))
        ask.world.write(ask.account, openid, "account", "worker", "text", {"content": text})
    return dump(worker)


async def set_publishing(ask: Ask) -> Any:
    """Sets the result of the next publications: ``outcome`` is a publish_status."""
    outcome = int(ask.needed("outcome"))
    if outcome not in range(BLOCKED + 1):
        raise BadRequestError(f"outcome must be a publish_status, 0 to {BLOCKED}")
    ask.account.newsroom.outcome = outcome
    return {"ok": True}


async def set_mass(ask: Ask) -> Any:
    """Sets the course of the next mass sends, and answers those that wait for confirmation.

    ``confirms``: sends to all wait for an administrator; ``outcome``: the Status of the next ones;
    ``answer``: the administrator's answer to those that wait; ``silent``: no MASSSENDJOBFINISH is sent.
    """
    sends = ask.account.mass
    if "answer" in ask.body:
        await mass.administrator_answers(
            ask.world, ask.pusher, ask.account, confirmed=bool(ask.body["answer"])
        )
    changeable = ("confirms", "outcome", "silent")
    named: dict[str, Any] = {name: ask.body[name] for name in changeable if name in ask.body}
    fitting(MassSends, named)
    for name, value in named.items():
        setattr(sends, name, value)
    return dump(sends)


async def set_autoreply(ask: Ask) -> Any:
    """Sets the auto-replies, as on the platform's own page."""
    ask.account.autoreply = ask.body
    return {"ok": True}


async def put_templates(ask: Ask) -> Any:
    """Adds templates to the account, as its owner does; ``forget`` removes one without the API."""
    for each in ask.body.get("templates", []):
        template = fitting(Template, each)
        ask.account.templates[template.template_id] = template
    ask.account.templates.pop(ask.body.get("forget", ""), None)
    return {"templates": dump(list(ask.account.templates.values()))}


async def confirm_once(ask: Ask) -> Any:
    """Confirms the older one-time subscription, as a person does on its web page: allows one message."""
    key = f"{ask.body.get('openid')} {ask.body.get('template_id')}"
    grants = ask.account.notice_grants
    grants[key] = grants.get(key, 0) + 1
    return {"left": grants[key]}


async def set_menu_page(ask: Ask) -> Any:
    """Sets a menu, as on the platform's own page: ``{"button": [...]}``, children in ``sub_button.list``."""
    ask.account.menus.drop()
    ask.account.menus.made_on_page = ask.body
    ask.world.live.publish_all(ask.account.appid, "menu")
    return {"ok": True}


async def comment(ask: Ask) -> Any:
    """Adds a comment to an article: ``msg_data_id``, ``index`` (from 0), ``openid``, ``content``."""
    data_id, index = int(ask.needed("msg_data_id")), int(ask.body.get("index", 0))
    key = f"{data_id} {index}"
    if key in ask.account.comments.closed:
        raise BadRequestError("this article takes no comments")
    made = Comment(
        ask.world.next_number(), str(ask.needed("openid")), str(ask.needed("content")), int(ask.world.now)
    )
    ask.account.comments.of.setdefault(key, []).append(made)
    return {"user_comment_id": made.id}


async def migrate(ask: Ask) -> Any:
    """Migrates the followers of another account (``from_appid``) to this one, where they get new openids."""
    former = ask.found(str(ask.body.get("from_appid")))
    for openid, follower in list(former.followers.items()):
        if follower.subscribed:
            made = openid_of(ask.account.appid, openid)
            ask.account.moved[openid] = made
            ask.world.follow(ask.account, made, follower.subscribe_scene)
            ask.world.unfollow(former, follower)
    return {"moved": ask.account.moved}


async def save(ask: Ask) -> Any:
    """Returns the whole state, for a later restore."""
    return dump(ask.world.state)


async def restore(ask: Ask) -> Any:
    """Replaces the whole state by one that was saved before."""
    ask.world.replace_state(fitting(State, ask.body))
    return {"ok": True}


def endpoint(world: World, pusher: Pusher, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        raw = await request.body()
        try:
            body = strict_json.loads(raw) if raw.strip() else {}
            if not isinstance(body, dict):
                raise BadRequestError("the body must be a JSON object")
            world.changes += request.method != "GET"
            return JSONResponse(await handler(Ask(world, pusher, request, body)))
        except BadRequestError as error:
            return JSONResponse({"error": str(error)}, error.status)
        except ImpossibleError as error:
            return JSONResponse({"error": str(error)}, 400)
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": f"this cannot be read: {error}"}, 400)

    return answer


Table = Iterable[tuple[str, str, Handler]]
TABLE: Table = (
    ("GET", "/health", health),
    ("POST", "/reset", reset),
    ("GET", "/accounts", list_accounts),
    ("POST", "/accounts", put_account),
    ("POST", "/accounts/{appid}/verify", verify),
    ("POST", "/accounts/{appid}/followers", add_followers),
    ("POST", "/accounts/{appid}/personas", add_personas),
    ("POST", "/accounts/{appid}/personas/act", let_personas_act),
    ("POST", "/accounts/{appid}/events/{openid}", act_in_chat),
    ("GET", "/accounts/{appid}/ledger", ledger),
    ("GET", "/accounts/{appid}/deliveries", deliveries),
    ("POST", "/accounts/{appid}/tokens/invalidate", invalidate_tokens),
    ("POST", "/accounts/{appid}/quota", set_quota),
    ("POST", "/accounts/{appid}/autoreply", set_autoreply),
    ("POST", "/accounts/{appid}/publishing", set_publishing),
    ("POST", "/accounts/{appid}/mass", set_mass),
    ("POST", "/accounts/{appid}/templates", put_templates),
    ("POST", "/accounts/{appid}/once", confirm_once),
    ("POST", "/accounts/{appid}/workers/{worker}", change_worker),
    ("POST", "/accounts/{appid}/menu-page", set_menu_page),
    ("POST", "/accounts/{appid}/comments", comment),
    ("POST", "/accounts/{appid}/migrate", migrate),
    ("POST", "/faults", add_fault),
    ("GET", "/faults", list_faults),
    ("DELETE", "/faults", drop_faults),
    ("DELETE", "/faults/{id:int}", drop_faults),
    ("POST", "/clock", move_clock),
    ("GET", "/clock", show_clock),
    ("POST", "/settings", change_settings),
    ("GET", "/settings", show_settings),
    ("GET", "/calls", calls),
    ("GET", "/state", save),
    ("PUT", "/state", restore),
)


# The fields of bodies, for the documentation.
BODIES: dict[tuple[str, str], Body] = {
    ("POST", "/reset"): {"keep_accounts": "boolean"},
    ("POST", "/accounts"): {"appid": "string", **{name: check.type for name, check in CHECKS.items()}},
    ("POST", "/accounts/{appid}/followers"): {
        "openids": "array", "count": "integer", "subscribed": "boolean",
    },
    ("POST", "/accounts/{appid}/personas"): personas.Seeding,
    ("POST", "/accounts/{appid}/personas/act"): {"count": "integer"},
    ("POST", "/accounts/{appid}/events/{openid}"): {
        "type": "string", "content": "string", "key": "string", "scene": "string", "ticket": "string",
        "url": "string", "media_id": "string", "xml": "object", "tamper": "string", "deliveries": "integer",
        "attempts": "integer", "msg_id": "integer", "create_time": "integer", "wait": "boolean",
    },
    ("POST", "/accounts/{appid}/quota"): {
        "api": "string", "daily_limit": "integer", "minute_limit": "integer",
    },
    ("POST", "/accounts/{appid}/publishing"): {"outcome": "integer"},
    ("POST", "/accounts/{appid}/mass"): {
        "confirms": "boolean", "outcome": "string", "answer": "boolean", "silent": "boolean",
    },
    ("POST", "/accounts/{appid}/templates"): {"templates": "array", "forget": "string"},
    ("POST", "/accounts/{appid}/once"): {"openid": "string", "template_id": "string"},
    ("POST", "/accounts/{appid}/workers/{worker}"): {
        "accept": "boolean", "online": "boolean", "openid": "string", "text": "string",
    },
    ("POST", "/accounts/{appid}/menu-page"): {"button": "array"},
    ("POST", "/accounts/{appid}/comments"): {
        "openid": "string", "content": "string", "msg_data_id": "integer", "index": "integer",
    },
    ("POST", "/accounts/{appid}/migrate"): {"from_appid": "string"},
    ("POST", "/faults"): Fault,
    ("POST", "/clock"): {"advance": "number", "offset": "number"},
    ("POST", "/settings"): Settings,
}  # fmt: skip


def operations(table: Table, bodies: Mapping[tuple[str, str], Body]) -> list[Operation]:
    return [Operation(method, path, handler, bodies.get((method, path))) for method, path, handler in table]


def routes(world: World, pusher: Pusher, table: Table = TABLE) -> list[Route]:
    return [
        Route(path, endpoint(world, pusher, handler), methods=[method]) for method, path, handler in table
    ]
