"""The flows of wechatpy as a client."""

from __future__ import annotations

import io
from importlib import import_module

import requests
from harness import APPID, BASE, JPG, MINI, OPENID, OTHER, SECRET, control, counted_day, flow, run
from wechatpy import WeChatClient
from wechatpy.oauth import WeChatOAuth

client = WeChatClient(APPID, SECRET)
mini = WeChatClient(MINI, SECRET)
MENU = {"button": [{"type": "click", "name": "价格", "key": "price"}]}


def picture() -> io.BytesIO:
    file = io.BytesIO(JPG)
    file.name = "a.jpg"
    return file


@flow("token, callback addresses")
def token() -> None:
    assert client.access_token
    assert client.misc.get_wechat_ips()


@flow("menus")
def menus() -> None:
    client.menu.create(MENU)
    assert client.menu.get()["menu"]["button"]
    assert client.menu.get_menu_info()["is_menu_open"] == 1
    tag = client.tag.create("会员")["id"]
    made = client.menu.add_conditional({**MENU, "matchrule": {"tag_id": str(tag)}})
    client.menu.try_match(OPENID)
    client.menu.del_conditional(made["menuid"])
    client.menu.delete()


@flow("followers")
def followers() -> None:
    assert OPENID in client.user.get_followers()["data"]["openid"]
    assert client.user.get(OPENID)["subscribe"] == 1
    client.user.update_remark(OPENID, "王女士")
    assert len(client.user.get_batch([OPENID, OTHER])) == 2


@flow("tags, blacklist")
def tags() -> None:
    tag = client.tag.create("老客")["id"]
    client.tag.update(tag, "常客")
    client.tag.tag_user(tag, [OPENID])
    assert client.tag.get_tag_users(tag)["count"] == 1
    assert tag in client.tag.get_user_tag(OPENID)
    client.tag.untag_user(tag, [OPENID])
    client.tag.delete(tag)
    client.tag.batch_black_list([OTHER])
    assert client.tag.get_black_list()["total"] == 1
    client.tag.batch_unblack_list([OTHER])


@flow("QR codes with parameters")
def qrcodes() -> None:
    scene = {"scene": {"scene_str": "store-1"}}
    made = client.qrcode.create({"expire_seconds": 60, "action_name": "QR_STR_SCENE", "action_info": scene})
    assert client.qrcode.show(made).content[:3] == b"\xff\xd8\xff"


@flow("temporary media")
def media() -> None:
    made = client.media.upload("image", picture())
    assert client.media.download(made["media_id"]).content == JPG
    assert client.media.upload("thumb", picture())["thumb_media_id"]


@flow("permanent material")
def material() -> None:
    made = client.material.add("image", picture())
    assert client.material.get(made["media_id"])
    assert client.material.get_count()["image_count"] == 1
    assert client.material.batchget("image")["item_count"] == 1
    client.material.delete(made["media_id"])
    assert client.media.upload_image(picture())


@flow("template messages")
def templates() -> None:
    client.template.set_industry(1, 2)
    assert client.template.get_industry()
    client.template.get_all_private_template()
    template = {
        "template_id": "T" * 43,
        "kind": "template",
        "title": "预约",
        "content": "门店:{{thing1.DATA}}",
    }
    control(f"/accounts/{APPID}/templates", {"templates": [template]})
    assert client.message.send_template(OPENID, "T" * 43, {"thing1": {"value": "天河店"}})["msgid"]
    client.template.del_private_template("T" * 43)


@flow("service accounts, sessions")
def service() -> None:
    client.customservice.add_account("kf1@demo", "小林", "x")
    client.customservice.update_account("kf1@demo", "小李", "x")
    assert isinstance(client.customservice.get_accounts()[0]["kf_id"], int)
    client.customservice.get_online_accounts()
    client.customservice.get_session(OPENID)
    client.customservice.get_wait_case()
    client.customservice.get_records(1_700_000_000, 1_700_000_100)


@flow("avatar of a service account")
def avatar() -> None:
    client.customservice.upload_headimg("kf1@demo", picture())


@flow("service account deleted")
def service_deleted() -> None:
    client.customservice.delete_account("kf1@demo")


@flow("customer messages")
def messages() -> None:
    client.message.send_text(OPENID, "您好")
    image = client.media.upload("image", picture())["media_id"]
    client.message.send_image(OPENID, image)
    client.message.send_articles(OPENID, [{"title": "课程", "description": "", "url": "", "image": ""}])


@flow("mass sends")
def mass() -> None:
    sent = client.message.send_mass_text([OPENID, OTHER], "周末活动")
    assert client.message.get_mass(sent["msg_id"])["msg_status"]
    image = client.media.upload("image", picture())["media_id"]
    client.message.send_mass_image(None, image, is_to_all=True)
    client.message.send_mass_text(OPENID, "看看", preview=True)


@flow("web login")
def login() -> None:
    oauth = WeChatOAuth(APPID, SECRET, "https://h5.example.com/done", "snsapi_userinfo")
    control("/accounts", {"appid": APPID, "oauth_domains": ["h5.example.com"]})
    port = BASE.rpartition(":")[2]
    query = oauth.authorize_url.partition("?")[2].partition("#")[0]
    url = f"http://127.0.0.1:{port}/connect/oauth2/authorize?{query}"
    headers = {"Host": f"anna.localhost:{port}"}
    answer = requests.post(url, data={"choice": "allow"}, headers=headers, allow_redirects=False, timeout=30)
    code = answer.headers["Location"].split("code=")[1].partition("&")[0]
    oauth.fetch_access_token(code)
    assert oauth.get_user_info()["nickname"]
    assert oauth.check_access_token()
    oauth.refresh_access_token(oauth.refresh_token)


@flow("mini program login, subscription messages")
def mini_program() -> None:
    port = BASE.rpartition(":")[2]
    given = requests.post(
        f"http://127.0.0.1:{port}/.mini/{MINI}/login", headers={"Host": f"anna.localhost:{port}"}, timeout=30
    ).json()["given"]
    assert mini.wxa.code_to_session(given)["session_key"]
    template = {"template_id": "N" * 43, "kind": "notice", "title": "预约", "content": "门店:{{thing1.DATA}}"}
    control(f"/accounts/{MINI}/templates", {"templates": [template]})
    control(
        f"/accounts/{MINI}/events/{OPENID}", {"type": "agree", "choices": {"N" * 43: "accept"}, "attempts": 1}
    )
    mini.wxa.send_subscribe_message(OPENID, "N" * 43, {"thing1": {"value": "天河店"}})


@flow("mini program codes")
def codes() -> None:
    assert mini.wxa.get_wxa_code_unlimited("s=42").content[:3] == b"\xff\xd8\xff"
    assert mini.wxa.get_wxa_code("pages/index").content[:3] == b"\xff\xd8\xff"
    assert mini.wxa.create_qrcode("pages/index").content[:3] == b"\xff\xd8\xff"


@flow("content checks")
def checks() -> None:
    mini.wxa.check_text_security("你好")
    mini.wxa.check_image_security(picture())
    mini.wxa.check_media_async("https://example.com/a.jpg", 2)


@flow("ticket of the JS-SDK")
def ticket() -> None:
    assert client.jsapi.get_jsapi_ticket()


FIGURES = (
    "get_user_summary", "get_user_cumulate", "get_user_read", "get_user_share", "get_upstream_msg",
    "get_upstream_msg_hour", "get_upstream_msg_dist", "get_interface_summary", "get_interface_summary_hour",
    "get_article_summary", "get_article_total",
)  # fmt: skip


@flow("statistics")
def statistics() -> None:
    day = counted_day()
    for name in FIGURES:
        assert isinstance(getattr(client.datacube, name)(day, day), list), name


@flow("comments")
def comments() -> None:
    cover = client.material.add("image", picture())["media_id"]
    article = {"title": "周末会员日", "content": "<p>来</p>", "thumb_media_id": cover}
    draft = client.post("draft/add", data={"articles": [article]})["media_id"]
    number = client.message.send_mass_article(None, draft, is_to_all=True)["msg_data_id"]
    comment = {"msg_data_id": number, "openid": OPENID, "content": "什么时候？"}
    made = control(f"/accounts/{APPID}/comments", comment)["user_comment_id"]
    client.material.open_comment(number, 0)
    assert client.material.list_comment(number, 0)["total"] == 1
    client.material.markelect_comment(number, 0, made)
    client.material.add_reply_comment(number, 0, made, "周六")
    client.material.delete_reply_comment(number, 0, made)
    client.material.unmarkelect_comment(number, 0, made)
    client.material.delete_comment(number, 0, made)
    client.material.close_comment(number, 0)


@flow("openids of a former account")
def change() -> None:
    client.user.change_openid(MINI, [OPENID])


if __name__ == "__main__":
    for name in ("wechatpy_server", "wechatpy_component"):
        import_module(name)
    run()
