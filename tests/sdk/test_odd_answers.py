"""Odd answers of the platform: a call answers what it promises, or says that there was no answer."""

import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import partial
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from tests.odd_answers import Answers, all_odd, record
from tests.sdk.memory_tokens import MemoryTokenStore
from tests.sdk.platform import APPID, SECRET, serving
from tests.simulator.conftest import OPENID
from wechat.sdk.calls import (
    base,
    customer_service,
    datacube,
    drafts,
    mass,
    media,
    menus,
    miniprogram,
    oauth,
    qrcodes,
    shipping,
    tags,
    templates,
    users,
)
from wechat.sdk.client import Client, JsApiTickets
from wechat.sdk.errors import WeChatError
from wechat.sdk.text import clean
from wechat.sdk.tokens import AccessTokens, Credentials
from wechat.sdk.transport import Transport


@pytest.fixture(scope="module")
def recorded(simulator_process: str) -> dict[str, bytes]:
    return record(simulator_process)


@pytest.fixture
def answers(recorded: dict[str, bytes]) -> Answers:
    return Answers(recorded)


@pytest.fixture
def transport(answers: Answers) -> Iterator[Transport]:
    with serving(answers) as base:
        yield Transport(base)


def figures(client: Client, dataset: datacube.Dataset) -> Any:
    found = datacube.read(client, dataset, DAY, DAY)
    rows = [row for several in found.days.values() for row in several]
    articles = [datacube.ArticleTotal.of(row) for row in rows]
    counts = [
        (datacube.UserChange.of(row), datacube.Upstream.of(row), datacube.Interface.of(row)) for row in rows
    ]
    return [articles, [each.whole for each in articles], counts, [datacube.reading(row) for row in rows]]


OURS = Credentials(APPID, SECRET)
DAY = datetime.date(2026, 3, 2)
FILE = media.Upload("a.png", b"\x89PNG", "image/png")
CALLS: Mapping[str, Callable[[Client], Any]] = {
    "/cgi-bin/user/get": users.user_get,
    "/cgi-bin/user/info/batchget": lambda client: users.user_info_batch(client, [OPENID]),
    "/cgi-bin/tags/members/getblacklist": users.blacklist,
    "/cgi-bin/tags/create": lambda client: tags.create(client, "VIP"),
    "/cgi-bin/tags/get": tags.get,
    "/cgi-bin/callback/check": base.callback_check,
    "/cgi-bin/get_api_domain_ip": base.api_domain_ips,
    "/cgi-bin/getcallbackip": base.callback_ips,
    "/cgi-bin/openapi/rid/get": lambda client: base.rid_get(client, "1"),
    "/cgi-bin/menu/addconditional": lambda client: menus.add_conditional(client, [], {}),
    "/cgi-bin/menu/trymatch": lambda client: menus.try_match(client, OPENID),
    "/cgi-bin/message/mass/get": lambda client: mass.status(client, 1),
    "/cgi-bin/message/mass/speed/get": mass.speed,
    "/cgi-bin/message/mass/sendall": lambda client: mass.send_all(client, mass.text("x"), "1"),
    "/cgi-bin/message/mass/send": lambda client: mass.send(client, mass.text("x"), "1", [OPENID] * 2),
    "/cgi-bin/media/uploadvideo": lambda client: mass.video_for_mass(client, "1", "t", "d"),
    "/cgi-bin/media/upload": lambda client: media.upload_temporary(client, "image", FILE),
    "/cgi-bin/material/add_material": lambda client: media.add_permanent(client, "image", FILE),
    "/cgi-bin/media/uploadimg": lambda client: media.upload_article_picture(client, FILE),
    "/cgi-bin/material/get_materialcount": media.counts,
    "/cgi-bin/material/batchget_material": lambda client: media.listed(client, "image", 0),
    "/cgi-bin/draft/add": lambda client: drafts.add(client, []),
    "/cgi-bin/draft/get": lambda client: drafts.get(client, "1"),
    "/cgi-bin/draft/batchget": lambda client: drafts.page(client, 0),
    "/cgi-bin/freepublish/batchget": lambda client: list(drafts.every_published(client)),
    "/cgi-bin/freepublish/submit": lambda client: drafts.submit(client, "1"),
    "/cgi-bin/freepublish/get": lambda client: drafts.publication(client, "1"),
    "/cgi-bin/template/get_all_private_template": templates.all_private,
    "/cgi-bin/template/api_add_template": lambda client: templates.add_private(client, "1", []),
    "/wxa/sec/queryblocktmplmsg": lambda client: templates.intercepted(client, "1"),
    "/wxaapi/newtmpl/gettemplate": templates.notices,
    "/wxaapi/newtmpl/getcategory": templates.categories,
    "/wxaapi/newtmpl/getpubtemplatekeywords": lambda client: templates.library_keywords(client, "1"),
    "/wxaapi/newtmpl/addtemplate": lambda client: templates.add_notice(client, "1", [1, 2], "x"),
    "/cgi-bin/customservice/getkflist": customer_service.workers,
    "/cgi-bin/customservice/getonlinekflist": customer_service.workers,
    "/customservice/kfsession/getsessionlist": lambda client: customer_service.sessions_of(client, "kf"),
    "/customservice/kfsession/getwaitcase": customer_service.waiting,
    "/customservice/msgrecord/getmsglist": lambda client: list(customer_service.records(client, 1, 2)),
    "/cgi-bin/qrcode/create": lambda client: qrcodes.create_temporary(client, "a", 600),
    "/cgi-bin/express/delivery/open_msg/get_delivery_list": shipping.companies,
    "/wxa/business/getuserphonenumber": lambda client: miniprogram.phone_number(client, "1"),
    "/cgi-bin/ticket/getticket": lambda client: JsApiTickets(client, MemoryTokenStore()).get(),
    "/cgi-bin/stable_token": users.user_get,
    **{f"/datacube/{each.path}": partial(figures, dataset=each) for each in datacube.Dataset},
}  # fmt: skip


LOGINS: Mapping[str, Callable[[Transport], Any]] = {
    "/sns/oauth2/access_token": lambda transport: oauth.exchange(transport, OURS, "1"),
    "/sns/userinfo": lambda transport: oauth.profile(transport, oauth.UserToken(OPENID, "snsapi_userinfo")),
    "/sns/jscode2session": lambda transport: miniprogram.login(transport, OURS, "1"),
}


def client_of(transport: Transport) -> Client:
    """Returns a client that has no token yet."""
    return Client(OURS, AccessTokens(OURS, MemoryTokenStore(), transport), transport._base)


@pytest.mark.parametrize("path", [*CALLS, *LOGINS])
def test_a_call_answers_what_it_promises_or_says_that_it_got_no_answer(
    answers: Answers, transport: Transport, path: str
) -> None:
    answers.odd_path = path
    for odd in all_odd(answers.recorded[path]):
        answers.odd = odd
        with suppress(WeChatError):
            check(LOGINS[path](transport) if path in LOGINS else CALLS[path](client_of(transport)))


def test_a_number_may_be_a_text_and_nothing_decides_nothing(answers: Answers, transport: Transport) -> None:
    """Without its status a publication is not taken for one that is done, which is number 0."""
    client = client_of(transport)
    answers.odd_path = "/cgi-bin/freepublish/get"
    for status, read in ((None, drafts.RUNNING), ("0", 0), ("", drafts.RUNNING), (3, 3)):
        answers.odd = says(publish_status=status)
        assert drafts.publication(client, "1").status == read


def says(**answer: Any) -> Callable[[bytes], bytes]:
    return lambda _usual: json.dumps(answer).encode()


def check(value: Any) -> None:
    """Checks that a result, and the fields of what is in it, have the types that are declared."""
    if isinstance(value, str):
        assert clean(value) == value
        assert value not in ("None", "True", "False", "[]", "{}")
    elif isinstance(value, int):
        assert abs(value) < 2**63
    elif is_dataclass(value):
        hints = get_type_hints(type(value))
        for each in fields(value):
            found = getattr(value, each.name)
            assert isinstance(found, _classes(hints[each.name])), (each.name, found)
            if not isinstance(found, dict):
                check(found)
    elif isinstance(value, list | tuple):
        for each in value:
            check(each)


def _classes(hint: Any) -> tuple[type, ...]:
    if get_origin(hint) in (Union, UnionType):
        return tuple(each for inner in get_args(hint) for each in _classes(inner))
    return (get_origin(hint) or hint,)
