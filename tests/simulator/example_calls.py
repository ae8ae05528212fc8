"""The example calls: one valid call of each API of the platform's list, with the state it needs."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from simulator import samples
from tests.simulator.conftest import APPID, OPENID, OWNER, Simulator, utf8

MINI, FORMER, OTHER = "wx3c5e7a9b1d2f4068", "wx0a9b8c7d6e5f4031", "oWxa5K2mVt9QxYb7Lr0NcJh3Gf4s"
WORKER, FREE_WORKER, UNBOUND_WORKER = "kf2001@demo_oa", "kf2002@demo_oa", "kf2003@demo_oa"
SESSION_KEY = "Xx08erLpRgjR8KfDW26ClA=="
TEMPLATE, NOTICE = (f"{kind}demoNoticeTplAAAA1111bbbb2222cccc3333ddd" for kind in ("Vq0", "Wq0"))
DATA = {"thing4": {"value": "天河店"}}
RID = "/cgi-bin/openapi/rid/get"
LONG = 10**9


@dataclass(frozen=True, slots=True)
class Example:
    """A call as in the platform's documentation: its query, its body, and the form of an upload."""

    method: str
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    file: tuple[str, bytes] | None = None
    form: dict[str, str] = field(default_factory=dict)
    # The account of the access_token; "" for calls without one.
    caller: str = APPID


@dataclass(frozen=True, slots=True)
class Scene:
    """A saved world with one valid call of each API."""

    state: dict[str, Any]
    tokens: dict[str, str]
    examples: dict[str, Example]

    def enter(self, simulator: Simulator) -> None:
        """Restores the world. Refused requests are not saved, so one is made for ``rid/get``."""
        simulator.sim("/state", self.state, method="PUT")
        refused = simulator.raw("/cgi-bin/user/info", access_token=self.tokens[APPID]).json()
        self.examples[RID].body["rid"] = refused["errmsg"].rpartition(" ")[2]

    def call(
        self, simulator: Simulator, example: Example, *, body: Any = None, token: str | None = None
    ) -> Any:
        """Returns the answer: JSON, or the content type of a file. ``body`` replaces that of the example."""
        query = dict(example.query)
        if example.caller:
            query["access_token"] = self.tokens[example.caller] if token is None else token
        url = f"{simulator.base}{example.path}"
        if example.file:
            sent: dict[str, Any] = {"files": {"media": example.file}, "data": example.form}
        else:
            given = example.body if body is None else body
            sent = {} if given is None else {"data": given if isinstance(given, bytes) else utf8(given)}
        answer = simulator.session.request(example.method, url, params=query, timeout=30, **sent)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        is_json = answer.headers["Content-Type"].startswith("application/json")
        return answer.json() if is_json else {"file": answer.headers["Content-Type"]}


def post(path: str, body: Any, caller: str = APPID, **query: Any) -> Example:
    return Example("POST", path, query, body, caller=caller)


def get(path: str, caller: str = APPID, **query: Any) -> Example:
    return Example("GET", path, query, caller=caller)


def upload(path: str, kind: str, form: dict[str, str] | None = None, **query: Any) -> Example:
    name, _, data = samples.load(kind, "")
    return Example("POST", path, query, file=(name, data), form=form or {})


def scene_of(simulator: Simulator) -> Scene:
    """Fills a new world: followers who wrote, a template, a draft, an article, logins, workers."""
    simulator.sim("/accounts", {"appid": APPID, "callback_url": f"{simulator.base}/nowhere"})
    simulator.sim("/accounts", {"appid": MINI, "secret": OWNER["secret"], "kind": "miniprogram"})
    simulator.sim("/accounts", {"appid": FORMER})
    noon(simulator)
    for appid in (APPID, MINI):
        for openid in (OPENID, OTHER):
            simulator.sim(f"/accounts/{appid}/followers", {"openids": [openid]})
            simulator.sim(f"/accounts/{appid}/events/{openid}", {"type": "text", "attempts": 1})
    simulator.sim(f"/accounts/{FORMER}/followers", {"openids": [OPENID]})
    simulator.sim(f"/accounts/{APPID}/migrate", {"from_appid": FORMER})
    contents = {"kind": "template", "title": "预约", "content": "门店:{{thing4.DATA}}\n"}
    for appid in (APPID, MINI):
        kinds = [
            {**contents, "template_id": TEMPLATE},
            {**contents, "kind": "notice", "template_id": NOTICE},
        ]
        simulator.sim(f"/accounts/{appid}/templates", {"templates": kinds})
        for template in (TEMPLATE, NOTICE):
            simulator.sim(f"/accounts/{appid}/once", {"openid": OPENID, "template_id": template})
    made = made_by_calls(simulator)
    tokens = {appid: token_of(simulator, appid) for appid in (APPID, MINI)}
    state = simulator.get("/state")
    for appid in (APPID, MINI):
        state["accounts"][appid]["logins"] = logins()
    state["accounts"][APPID]["media"][made["voice"]]["from_jssdk"] = True
    return Scene(state, tokens, {each.path: each for each in examples(made, tokens)})


def noon(simulator: Simulator) -> None:
    """Moves the clock to noon, because yesterday's statistics are available from eight o'clock."""
    hour = (datetime.now(UTC) + timedelta(hours=8)).hour
    simulator.sim("/clock", {"advance": (12 - hour) % 24 * 3600})


def token_of(simulator: Simulator, appid: str) -> str:
    query = {"grant_type": "client_credential", "appid": appid, "secret": OWNER["secret"]}
    return str(simulator.raw("/cgi-bin/token", **query).json()["access_token"])


def logins() -> dict[str, Any]:
    """Returns codes, tokens and sessions of logins, with long lifetimes."""
    code = {
        "person": "anna", "openid": OPENID, "scope": "snsapi_userinfo", "ends_at": time.time() + LONG
    }  # fmt: skip
    token = {"person": "anna", "openid": OPENID, "scope": "snsapi_userinfo", "refresh": "99_refresh"}
    ends = {"ends_at": time.time() + LONG, "refresh_ends_at": time.time() + LONG}
    return {
        "codes": {kind: {"kind": kind, **code} for kind in ("oauth", "login", "phone")},
        "tokens": {"99_user": {**token, **ends}},
        "sessions": {OPENID: {"person": "anna", "key": SESSION_KEY}},
    }


def made_by_calls(simulator: Simulator) -> dict[str, Any]:
    """Returns the ids that other calls need: of media, drafts, articles, messages and more."""
    call = simulator.call
    made: dict[str, Any] = {"tag": call("/cgi-bin/tags/create", {"tag": {"name": "VIP"}})["tag"]["id"]}
    for kind in ("image", "voice", "video", "thumb"):
        name, _, data = samples.load(kind, "")
        sent = simulator.upload("/cgi-bin/media/upload", name, data, type=kind)
        made[kind] = sent.get("media_id") or sent["thumb_media_id"]
    name, _, data = samples.load("image", "")
    kept = simulator.upload("/cgi-bin/material/add_material", name, data, type="image")
    made["material"] = kept["media_id"]
    article = {"title": "周末", "content": "<p>好</p>", "thumb_media_id": made["material"]}
    made["article"] = article
    for name in ("draft", "sent", "published"):
        made[name] = call("/cgi-bin/draft/add", {"articles": [article]})["media_id"]
    everybody = {"filter": {"is_to_all": True}, "msgtype": "mpnews", "mpnews": {"media_id": made["sent"]}}
    job = call("/cgi-bin/message/mass/sendall", everybody)
    made["msg_id"], made["msg_data_id"] = job["msg_id"], job["msg_data_id"]
    written = {"msg_data_id": job["msg_data_id"], "index": 0, "openid": OPENID, "content": "什么时候？"}
    made["comment"] = simulator.sim(f"/accounts/{APPID}/comments", written)["user_comment_id"]
    made["publish_id"] = call("/cgi-bin/freepublish/submit", {"media_id": made["published"]})["publish_id"]
    while (found := call("/cgi-bin/freepublish/get", {"publish_id": made["publish_id"]}))["publish_status"]:
        simulator.get("/health")
    made["article_id"] = found["article_id"]
    menu = {"button": [{"type": "click", "name": "今日", "key": "TODAY"}]}
    made["menu"] = menu
    call("/cgi-bin/menu/create", menu)
    rule = {**menu, "matchrule": {"tag_id": str(made["tag"])}}
    made["menuid"] = call("/cgi-bin/menu/addconditional", rule)["menuid"]
    for worker in (WORKER, FREE_WORKER, UNBOUND_WORKER):
        call("/customservice/kfaccount/add", {"kf_account": worker, "nickname": "小林"})
    for worker in (WORKER, FREE_WORKER):
        call("/customservice/kfaccount/inviteworker", {"kf_account": worker, "invite_wx": worker})
        simulator.sim(f"/accounts/{APPID}/workers/{worker}", {"accept": True, "online": True})
    call("/customservice/kfsession/create", {"kf_account": WORKER, "openid": OTHER})
    made["short_key"] = call("/cgi-bin/shorten/gen", {"long_data": "x"})["short_key"]
    made["ticket"] = call("/cgi-bin/qrcode/create", scene("store-0042"))["ticket"]
    return made


def scene(text: str) -> dict[str, Any]:
    return {
        "expire_seconds": 604_800,
        "action_name": "QR_STR_SCENE",
        "action_info": {"scene": {"scene_str": text}},
    }


def examples(made: dict[str, Any], tokens: dict[str, str]) -> list[Example]:
    return [
        *credentials(made),
        *menus_and_followers(made),
        *customer_service(),
        *templates(),
        *mass(made),
        *media(made),
        *articles(made),
        *people(),
        *statistics(),
        *beyond_the_list(made),
    ]


def credentials(made: dict[str, Any]) -> list[Example]:
    own = {"appid": APPID, "secret": OWNER["secret"]}
    asked = {"cgi_path": "/cgi-bin/message/custom/send"}
    return [
        get("/cgi-bin/token", "", grant_type="client_credential", **own),
        post("/cgi-bin/stable_token", {"grant_type": "client_credential", **own}, ""),
        post("/cgi-bin/clear_quota", {"appid": APPID}),
        post("/cgi-bin/clear_quota/v2", {"appid": APPID, "appsecret": OWNER["secret"]}, ""),
        post("/cgi-bin/openapi/quota/get", asked),
        post("/cgi-bin/openapi/quota/clear", asked),
        post(RID, {}),
        post("/cgi-bin/callback/check", {"action": "all", "check_operator": "DEFAULT"}),
        get("/cgi-bin/get_api_domain_ip"),
        get("/cgi-bin/getcallbackip"),
        get("/cgi-bin/ticket/getticket", type="jsapi"),
        post("/cgi-bin/qrcode/create", scene("store-0042")),
        get("/cgi-bin/showqrcode", "", ticket=made["ticket"]),
        post("/cgi-bin/shorten/gen", {"long_data": "https://h5.example.com/", "expire_seconds": 86_400}),
        post("/cgi-bin/shorten/fetch", {"short_key": made["short_key"]}),
    ]


def menus_and_followers(made: dict[str, Any]) -> list[Example]:
    tagging = {"openid_list": [OPENID], "tagid": made["tag"]}
    return [
        post("/cgi-bin/menu/create", made["menu"]),
        get("/cgi-bin/menu/get"),
        get("/cgi-bin/menu/delete"),
        get("/cgi-bin/get_current_selfmenu_info"),
        post("/cgi-bin/menu/addconditional", {**made["menu"], "matchrule": {"tag_id": str(made["tag"])}}),
        post("/cgi-bin/menu/delconditional", {"menuid": made["menuid"]}),
        post("/cgi-bin/menu/trymatch", {"user_id": OPENID}),
        get("/cgi-bin/user/get", next_openid=""),
        get("/cgi-bin/user/info", openid=OPENID, lang="zh_CN"),
        post("/cgi-bin/user/info/batchget", {"user_list": [{"openid": OPENID, "lang": "zh_CN"}]}),
        post("/cgi-bin/user/info/updateremark", {"openid": OPENID, "remark": "三店"}),
        post("/cgi-bin/tags/create", {"tag": {"name": "VIP2"}}),
        get("/cgi-bin/tags/get"),
        post("/cgi-bin/tags/update", {"tag": {"id": made["tag"], "name": "VIP3"}}),
        post("/cgi-bin/tags/delete", {"tag": {"id": made["tag"]}}),
        post("/cgi-bin/tags/getidlist", {"openid": OPENID}),
        post("/cgi-bin/user/tag/get", {"tagid": made["tag"], "next_openid": ""}),
        post("/cgi-bin/tags/members/batchtagging", tagging),
        post("/cgi-bin/tags/members/batchuntagging", tagging),
        post("/cgi-bin/tags/members/getblacklist", {"begin_openid": ""}),
        post("/cgi-bin/tags/members/batchblacklist", {"openid_list": [OPENID]}),
        post("/cgi-bin/tags/members/batchunblacklist", {"openid_list": [OPENID]}),
        post("/cgi-bin/changeopenid", {"from_appid": FORMER, "openid_list": [OPENID]}),
    ]


def customer_service() -> list[Example]:
    text = {"touser": OPENID, "msgtype": "text", "text": {"content": "您好"}}
    as_worker = {**text, "customservice": {"kf_account": WORKER}}
    typing = {"touser": OPENID, "command": "Typing"}
    day = {"starttime": 1_769_904_000, "endtime": 1_769_990_400, "msgid": 1, "number": 10_000}
    named, unbound = {"kf_account": WORKER}, {"kf_account": UNBOUND_WORKER}
    return [
        post("/cgi-bin/message/custom/send", as_worker),
        post("/cgi-bin/message/custom/typing", typing),
        post("/cgi-bin/message/custom/business/typing", {**typing, "businessid": 1}, MINI),
        post("/customservice/kfaccount/add", {"kf_account": "kf2009@demo_oa", "nickname": "小林"}),
        post("/customservice/kfaccount/update", {**named, "nickname": "大林"}),
        post("/customservice/kfaccount/del", named),
        upload("/customservice/kfaccount/uploadheadimg", "image", kf_account=WORKER),
        post("/customservice/kfaccount/inviteworker", {**unbound, "invite_wx": "lin_demo"}),
        get("/cgi-bin/customservice/getkflist"),
        get("/cgi-bin/customservice/getonlinekflist"),
        post("/customservice/kfsession/create", {**named, "openid": OPENID}),
        post("/customservice/kfsession/close", {**named, "openid": OTHER}),
        get("/customservice/kfsession/getsession", openid=OTHER),
        get("/customservice/kfsession/getsessionlist", kf_account=WORKER),
        get("/customservice/kfsession/getwaitcase"),
        post("/customservice/msgrecord/getmsglist", day),
    ]


def templates() -> list[Example]:
    message = {"touser": OPENID, "template_id": TEMPLATE, "data": DATA}
    notice = {"touser": OPENID, "template_id": NOTICE, "data": DATA, "client_msg_id": "bk-8841"}
    page = {"action": "get_confirm", "appid": APPID, "scene": 1000, "template_id": TEMPLATE}
    once = {**message, "scene": "1000", "title": "预约提醒", "data": {"content": {"value": "明天"}}}
    blocked = {"tmpl_msg_id": TEMPLATE, "largest_id": 0, "limit": 100}
    chosen = {"template_id_short": "47123", "keyword_name_list": ["预约时间", "门店名称"]}
    return [
        post("/cgi-bin/template/api_set_industry", {"industry_id1": "1", "industry_id2": "4"}),
        get("/cgi-bin/template/get_industry"),
        post("/cgi-bin/template/api_add_template", chosen),
        get("/cgi-bin/template/get_all_private_template"),
        post("/cgi-bin/template/del_private_template", {"template_id": TEMPLATE}),
        post("/wxa/sec/queryblocktmplmsg", blocked),
        post("/cgi-bin/message/template/send", {**message, "client_msg_id": "bk-8841"}),
        get("/wxaapi/newtmpl/getcategory"),
        get("/wxaapi/newtmpl/getpubtemplatetitles", ids="616,617", start=0, limit=30),
        get("/wxaapi/newtmpl/getpubtemplatekeywords", tid=1024),
        post("/wxaapi/newtmpl/addtemplate", {"tid": "1024", "kidList": [1, 2], "sceneDesc": "课程预约"}),
        get("/wxaapi/newtmpl/gettemplate"),
        post("/wxaapi/newtmpl/deltemplate", {"priTmplId": NOTICE}),
        post("/cgi-bin/message/subscribe/bizsend", notice),
        get("/mp/subscribemsg", "", redirect_url="http://127.0.0.1/", **page),
        post("/cgi-bin/message/template/subscribe", once),
        post("/cgi-bin/message/subscribe/send", notice, MINI),
    ]


def mass(made: dict[str, Any]) -> list[Example]:
    text = {"msgtype": "text", "text": {"content": "到店有礼"}}
    chosen = {"is_to_all": False, "tag_id": made["tag"]}
    return [
        post("/cgi-bin/message/mass/sendall", {"filter": chosen, "clientmsgid": "camp-1", **text}),
        post("/cgi-bin/message/mass/preview", {"touser": OPENID, **text}),
        post("/cgi-bin/message/mass/delete", {"msg_id": made["msg_id"], "article_idx": 1}),
        post("/cgi-bin/message/mass/get", {"msg_id": str(made["msg_id"])}),
        post("/cgi-bin/message/mass/speed/get", {}),
        post("/cgi-bin/message/mass/speed/set", {"speed": 1}),
        post("/cgi-bin/message/mass/send", {"touser": [OPENID, OTHER], "clientmsgid": "camp-2", **text}),
    ]


def media(made: dict[str, Any]) -> list[Example]:
    video = {"media_id": made["video"], "title": "t", "description": "d"}
    return [
        post("/cgi-bin/media/uploadvideo", video),
        upload("/cgi-bin/media/upload", "image", type="image"),
        get("/cgi-bin/media/get", media_id=made["image"]),
        get("/cgi-bin/media/get/jssdk", media_id=made["voice"]),
        upload("/cgi-bin/media/uploadimg", "image"),
        upload("/cgi-bin/material/add_material", "image", type="image"),
        post("/cgi-bin/material/get_material", {"media_id": made["material"]}),
        post("/cgi-bin/material/del_material", {"media_id": made["material"]}),
        get("/cgi-bin/material/get_materialcount"),
        post("/cgi-bin/material/batchget_material", {"type": "image", "offset": 0, "count": 20}),
    ]


def articles(made: dict[str, Any]) -> list[Example]:
    draft, page = {"media_id": made["draft"]}, {"offset": 0, "count": 20, "no_content": 1}
    update = {**draft, "index": 0, "articles": made["article"]}
    return [
        post("/cgi-bin/draft/add", {"articles": [made["article"]]}),
        post("/cgi-bin/draft/get", draft),
        post("/cgi-bin/draft/update", update),
        post("/cgi-bin/draft/delete", draft),
        get("/cgi-bin/draft/count"),
        post("/cgi-bin/draft/batchget", page),
        post("/cgi-bin/draft/switch", {}),
        post("/cgi-bin/freepublish/submit", draft),
        post("/cgi-bin/freepublish/get", {"publish_id": made["publish_id"]}),
        post("/cgi-bin/freepublish/batchget", page),
        post("/cgi-bin/freepublish/getarticle", {"article_id": made["article_id"]}),
        post("/cgi-bin/freepublish/delete", {"article_id": made["article_id"], "index": 1}),
    ]


def people() -> list[Example]:
    own = {"appid": APPID, "secret": OWNER["secret"], "grant_type": "authorization_code"}
    mini = {**own, "appid": MINI}
    signature = hmac.new(SESSION_KEY.encode(), b"", hashlib.sha256).hexdigest()
    signed = {"openid": OPENID, "signature": signature, "sig_method": "hmac_sha256"}
    user = {"access_token": "99_user", "openid": OPENID}
    page = {"redirect_uri": "http://127.0.0.1/", "response_type": "code", "scope": "snsapi_base"}
    renewed = {"appid": APPID, "grant_type": "refresh_token", "refresh_token": "99_refresh"}
    return [
        get("/connect/oauth2/authorize", "", appid=APPID, **page),
        get("/sns/oauth2/access_token", "", code="oauth", **own),
        get("/sns/oauth2/refresh_token", "", **renewed),
        get("/sns/userinfo", "", lang="zh_CN", **user),
        get("/sns/auth", "", **user),
        get("/sns/jscode2session", "", js_code="login", **mini),
        post("/wxa/business/getuserphonenumber", {"code": "phone"}, MINI),
        get("/wxa/checksession", MINI, **signed),
        get("/wxa/resetusersessionkey", MINI, **signed),
        post("/wxa/getwxacodeunlimit", {"scene": "s=42", "page": "pages/book/index"}, MINI),
    ]


def beyond_the_list(made: dict[str, Any]) -> list[Example]:
    """Returns examples of further calls of clients, which are not in the list."""
    article = {"msg_data_id": made["msg_data_id"], "index": 0}
    comment = {**article, "user_comment_id": made["comment"]}
    check = {"content": "你好", "version": 2, "scene": 1, "openid": OPENID}
    path = {"path": "pages/index", "query": "a=1"}
    media = {"media_url": "https://h5.example.com/a.jpg", "media_type": 2, "openid": OPENID}
    return [
        get("/cgi-bin/get_current_autoreply_info"),
        post("/wxa/getwxacode", {"path": "pages/index", "width": 430}, MINI),
        post("/cgi-bin/wxaapp/createwxaqrcode", {"path": "pages/index"}, MINI),
        post("/wxa/msg_sec_check", check, MINI),
        replace(upload("/wxa/img_sec_check", "image"), caller=MINI),
        post("/wxa/media_check_async", media, MINI),
        post("/wxa/generatescheme", {"jump_wxa": path, "expire_type": 1, "expire_interval": 7}, MINI),
        post("/wxa/generate_urllink", {**path, "expire_type": 1, "expire_interval": 7}, MINI),
        post("/cgi-bin/comment/open", article),
        post("/cgi-bin/comment/close", article),
        post("/cgi-bin/comment/list", {**article, "begin": 0, "count": 50, "type": 0}),
        post("/cgi-bin/comment/markelect", comment),
        post("/cgi-bin/comment/unmarkelect", comment),
        post("/cgi-bin/comment/delete", comment),
        post("/cgi-bin/comment/reply/add", {**comment, "content": "周六"}),
        post("/cgi-bin/comment/reply/delete", comment),
        post("/cgi-bin/express/delivery/open_msg/get_delivery_list", {}, MINI),
    ]


def statistics() -> list[Example]:
    yesterday = (datetime.now(UTC) + timedelta(hours=8) - timedelta(days=1)).date().isoformat()
    asked = {"begin_date": yesterday, "end_date": yesterday}
    return [post(f"/datacube/{name}", asked) for name in STATISTICS]


STATISTICS = (
    "getusersummary", "getusercumulate", "getarticlesummary", "getarticletotal", "getuserread",
    "getuserreadhour", "getusershare", "getusersharehour", "getarticleread", "getarticleshare",
    "getbizsummary", "getarticletotaldetail", "getupstreammsg", "getupstreammsghour",
    "getupstreammsgweek", "getupstreammsgmonth", "getupstreammsgdist", "getupstreammsgdistweek",
    "getupstreammsgdistmonth", "getinterfacesummary", "getinterfacesummaryhour",
)  # fmt: skip
