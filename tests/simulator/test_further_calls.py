"""Mini-program codes and links, content checks, comments, short keys and what else clients call."""

from __future__ import annotations

import hashlib
import hmac
import io
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image

from simulator import samples
from tests.simulator.conftest import APPID, OPENID, OWNER, AccountServer, Simulator
from tests.simulator.site import Site
from tests.simulator.test_statistics import sent
from tests.simulator.test_webview import ask

MINI = "wx3c5e7a9b1d2f4068"
RISKY = "特3456书yuuo莞6543李zxcz蒜7782法fgnv级"


@pytest.fixture
def mini(simulator: Simulator) -> Simulator:
    """A client of the same simulator whose token is a mini program's."""
    simulator.sim("/accounts", {**OWNER, "appid": MINI, "kind": "miniprogram"})
    query = {"grant_type": "client_credential", "appid": MINI, "secret": OWNER["secret"]}
    token = simulator.raw("/cgi-bin/token", **query).json()["access_token"]
    return Simulator(simulator.base, token=token)


# --- codes of mini programs


@pytest.mark.parametrize(
    ("api", "body"),
    [
        ("/wxa/getwxacodeunlimit", {"scene": "s=42"}),
        ("/wxa/getwxacode", {"path": "pages/book/index?id=1"}),
        ("/cgi-bin/wxaapp/createwxaqrcode", {"path": "pages/book/index"}),
    ],
)
def test_a_code_is_a_picture_of_the_width_asked_for(mini: Simulator, api: str, body: Any) -> None:
    answer = mini.raw(api, {**body, "width": 300}, access_token=mini.token)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).size == (300, 300)
    clear = mini.raw(api, {**body, "is_hyaline": True}, access_token=mini.token)
    assert clear.headers["Content-Type"] == "image/png"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scene": ""}, 40169),
        ({"scene": "x" * 33}, 40169),
        ({"scene": "店"}, 40129),
        ({"page": "/pages/index"}, 41030),
        ({"page": "pages/index?a=1"}, 41030),
        ({"width": 100}, 40097),
        ({"env_version": "beta"}, 40097),
    ],
)
def test_a_code_that_cannot_be_is_refused(mini: Simulator, changes: Any, code: int) -> None:
    assert mini.code("/wxa/getwxacodeunlimit", {"scene": "s=42", **changes}) == code


def test_an_official_account_has_no_codes(simulator: Simulator) -> None:
    assert simulator.code("/wxa/getwxacodeunlimit", {"scene": "s=42"}) == 48001


# --- links


def test_links_to_a_mini_program_are_made_within_thirty_days(mini: Simulator) -> None:
    target = {"path": "pages/index", "query": "a=1"}
    asked: dict[str, Any] = {"jump_wxa": target, "expire_type": 1, "expire_interval": 30}
    assert mini.call("/wxa/generatescheme", asked)["openlink"].startswith("weixin://dl/business/?t=")
    assert mini.call("/wxa/generate_urllink", target)["url_link"].startswith("https://wxaurl.cn/")
    assert mini.code("/wxa/generatescheme", {**asked, "expire_interval": 31}) == 85401
    assert mini.code("/wxa/generate_urllink", {"path": "/pages/index"}) == 40165
    assert mini.code("/wxa/generate_urllink", {"query": "q" * 513}) == 40212


def test_a_short_key_gives_its_text_back_until_it_ends(simulator: Simulator) -> None:
    asked = {"long_data": "老客 42", "expire_seconds": 3_600}
    key = simulator.call("/cgi-bin/shorten/gen", asked)["short_key"]
    assert len(key) == 15
    answer = simulator.call("/cgi-bin/shorten/fetch", {"short_key": key})
    assert answer["long_data"] == "老客 42"
    assert 0 < answer["expire_seconds"] <= 3_600
    simulator.sim("/clock", {"advance": 3_601})
    assert simulator.code("/cgi-bin/shorten/fetch", {"short_key": key}) == 9410012
    assert simulator.code("/cgi-bin/shorten/gen", {"long_data": "x" * 4097}) == 9410010
    assert simulator.code("/cgi-bin/shorten/gen", {"long_data": "x", "expire_seconds": 2_592_001}) == 9410011


# --- content checks


def test_risky_texts_are_refused_or_judged(mini: Simulator) -> None:
    mini.sim(f"/accounts/{MINI}/followers", {"openids": [OPENID]})
    assert mini.code("/wxa/msg_sec_check", {"content": "你好"}) == 0
    assert mini.code("/wxa/msg_sec_check", {"content": RISKY}) == 87014
    second = {"version": 2, "openid": OPENID, "scene": 2}
    answer = mini.call("/wxa/msg_sec_check", {"content": RISKY, **second})
    assert answer["result"]["suggest"] == "risky"
    assert mini.call("/wxa/msg_sec_check", {"content": "你好", **second})["result"]["label"] == 100
    assert mini.code("/wxa/msg_sec_check", {"content": "x", "version": 2, "openid": "o", "scene": 2}) == 40003


def test_risky_pictures_are_refused(mini: Simulator) -> None:
    mini.sim("/settings", {"risky_words": ["rude"]})
    name, _, data = samples.load("image", "")
    assert mini.upload("/wxa/img_sec_check", name, data)["errcode"] == 0
    assert mini.upload("/wxa/img_sec_check", name, data + b"rude")["errcode"] == 87014
    assert mini.upload("/wxa/img_sec_check", name, data + b"x" * 1024 * 1024)["errcode"] == 40006


def test_media_are_judged_later(simulator: Simulator, server: AccountServer) -> None:
    simulator.sim("/settings", {"risky_words": ["rude"]})
    asked = {"media_url": "https://example.com/rude.jpg", "media_type": 2}
    trace = simulator.call("/wxa/media_check_async", asked)["trace_id"]
    for _ in range(100):
        if simulator.get(f"/accounts/{APPID}/deliveries")["entries"] and server.pushed:
            break
    pushed = server.opened()
    assert "wxa_media_check" in pushed
    assert trace in pushed
    assert "risky" in pushed


# --- comments


def test_comments_are_read_chosen_answered_and_deleted(simulator: Simulator) -> None:
    sent(simulator)
    jobs = simulator.get("/state")["accounts"][APPID]["mass"]["jobs"]
    number = next(iter(jobs.values()))["msg_data_id"]
    article = {"msg_data_id": number, "index": 0}
    payload = {**article, "openid": OPENID, "content": "什么时候？"}
    comment = {**article, **simulator.sim(f"/accounts/{APPID}/comments", payload)}
    page = {**article, "begin": 0, "count": 50, "type": 2}
    assert simulator.call("/cgi-bin/comment/list", page)["total"] == 0
    assert simulator.code("/cgi-bin/comment/markelect", comment) == 0
    assert simulator.code("/cgi-bin/comment/reply/add", {**comment, "content": "周六"}) == 0
    assert simulator.code("/cgi-bin/comment/reply/add", {**comment, "content": "周日"}) == 88005
    answer = simulator.call("/cgi-bin/comment/list", page)["comment"][0]
    assert (answer["content"], answer["comment_type"], answer["reply"]["content"]) == (
        "什么时候？",
        1,
        "周六",
    )
    assert simulator.code("/cgi-bin/comment/reply/delete", comment) == 0
    assert simulator.code("/cgi-bin/comment/unmarkelect", comment) == 0
    assert simulator.code("/cgi-bin/comment/delete", comment) == 0
    assert simulator.code("/cgi-bin/comment/delete", comment) == 88008
    assert simulator.code("/cgi-bin/comment/list", {**page, "count": 51}) == 88010
    assert simulator.code("/cgi-bin/comment/open", {"msg_data_id": 1}) == 88001
    assert simulator.code("/cgi-bin/comment/close", article) == 0
    with pytest.raises(AssertionError, match="takes no comments"):
        simulator.sim(f"/accounts/{APPID}/comments", payload)


# --- the rest


def test_a_service_account_has_a_face(simulator: Simulator) -> None:
    worker = {"kf_account": "kf2001@demo_oa", "nickname": "小林"}
    simulator.call("/customservice/kfaccount/add", worker)
    name, _, data = samples.load("image", "")
    path = "/customservice/kfaccount/uploadheadimg"
    assert simulator.upload(path, name, data, kf_account="nobody@demo_oa")["errcode"] == 65401
    assert simulator.upload(path, name, data, kf_account=worker["kf_account"])["errcode"] == 0
    face = simulator.call("/cgi-bin/customservice/getkflist")["kf_list"][0]["kf_headimgurl"]
    assert simulator.session.get(face, timeout=30).content == data


def test_openids_of_a_former_account_are_translated(simulator: Simulator) -> None:
    former = "wx0a9b8c7d6e5f4031"
    simulator.sim("/accounts", {"appid": former})
    simulator.sim(f"/accounts/{former}/followers", {"openids": [OPENID]})
    asked = {"from_appid": former, "openid_list": [OPENID, "oStranger"]}
    assert simulator.call("/cgi-bin/changeopenid", asked)["result_list"][0]["err_msg"] == "ori_openid error"
    moved = simulator.sim(f"/accounts/{APPID}/migrate", {"from_appid": former})["moved"]
    answer = simulator.call("/cgi-bin/changeopenid", asked)["result_list"]
    assert answer[0] == {"ori_openid": OPENID, "new_openid": moved[OPENID], "err_msg": "ok"}
    assert answer[1]["err_msg"] == "ori_openid error"
    assert simulator.call("/cgi-bin/user/info", openid=moved[OPENID])["subscribe"] == 1
    assert simulator.code("/cgi-bin/changeopenid", {**asked, "from_appid": "wxnobody"}) == 40013


def test_a_session_key_is_replaced_on_request(mini: Simulator) -> None:
    given = ask(mini, f"/.mini/{MINI}/login", method="POST").json()["given"]
    query = {"appid": MINI, "secret": OWNER["secret"], "js_code": given, "grant_type": "authorization_code"}
    session = mini.raw("/sns/jscode2session", **query).json()

    def signed(key: str) -> dict[str, str]:
        signature = hmac.new(key.encode(), b"", hashlib.sha256).hexdigest()
        return {"openid": session["openid"], "signature": signature, "sig_method": "hmac_sha256"}

    fresh = mini.call("/wxa/resetusersessionkey", **signed(session["session_key"]))["session_key"]
    assert mini.code("/wxa/checksession", **signed(session["session_key"])) == 87009
    assert mini.code("/wxa/checksession", **signed(fresh)) == 0


def test_the_draft_box_is_open(simulator: Simulator) -> None:
    assert simulator.call("/cgi-bin/draft/switch", {}, checkonly="1")["is_open"] == 1


def test_a_business_of_a_mini_program_types(mini: Simulator) -> None:
    mini.sim(f"/accounts/{MINI}/events/{OPENID}", {"type": "text", "attempts": 1})
    body = {"touser": OPENID, "command": "Typing", "businessid": 1}
    assert mini.code("/cgi-bin/message/custom/business/typing", {**body, "businessid": None}) == 47001
    assert mini.code("/cgi-bin/message/custom/business/typing", body) == 0


@pytest.mark.parametrize(("choice", "left"), [("confirm", 1), ("cancel", 0)])
def test_one_message_is_asked_for_on_a_page(simulator: Simulator, site: Site, choice: str, left: int) -> None:
    template = "Vq0demoNoticeTplAAAA1111bbbb2222cccc3333ddd"
    target = quote(f"{site.base}/done?x=1", safe="")
    path = (
        f"/mp/subscribemsg?action=get_confirm&appid={APPID}&scene=1000&template_id={template}"
        f"&redirect_url={target}&reserved=abc"
    )
    assert "允许" in ask(simulator, path).text
    location = ask(simulator, path, method="POST", data={"choice": choice}).headers["Location"]
    assert location.startswith("/done?x=1&openid=o")
    assert location.endswith(f"&action={choice}&scene=1000&reserved=abc")
    openid = location.split("openid=")[1].partition("&")[0]
    grants = simulator.get("/state")["accounts"][APPID]["notice_grants"]
    assert grants.get(f"{openid} {template}", 0) == left
