"""The flows of WeRoBot: its client, and its server for callbacks in plain and safe mode."""

from __future__ import annotations

import io

import werobot
from harness import (
    APPID,
    JPG,
    KEY,
    OPENID,
    OTHER,
    SECRET,
    TOKEN,
    check_callbacks,
    control,
    flow,
    run,
)
from werobot.client import Client
from werobot.replies import ImageReply

client = Client({"APP_ID": APPID, "APP_SECRET": SECRET})
MENU = {"button": [{"type": "click", "name": "价格", "key": "price"}]}


def picture() -> io.BytesIO:
    file = io.BytesIO(JPG)
    file.name = "a.jpg"
    return file


def check(mode: str) -> None:
    settings = {"TOKEN": TOKEN, "APP_ID": APPID, "ENCODING_AES_KEY": KEY, "SESSION_STORAGE": False}
    robot = werobot.WeRoBot(config=settings)
    robot.text(lambda message: f"听到了:{message.content}")
    robot.image(lambda message: ImageReply(message=message, media_id=message.MediaId))
    robot.subscribe(lambda message: "欢迎")
    check_callbacks(robot.wsgi, mode)


@flow("token, callback addresses")
def token() -> None:
    assert client.get_access_token()
    assert client.get_ip_list()


@flow("menus")
def menus() -> None:
    client.create_menu(MENU)
    assert client.get_menu()
    tag = client.create_tag("会员")["tag"]["id"]
    made = client.create_custom_menu(MENU["button"], {"tag_id": str(tag)})
    client.match_custom_menu(OPENID)
    client.delete_custom_menu(made["menuid"])
    client.get_custom_menu_config()
    client.delete_menu()


@flow("followers")
def followers() -> None:
    assert OPENID in client.get_followers()["data"]["openid"]
    assert client.get_user_info(OPENID)["subscribe"] == 1
    client.remark_user(OPENID, "王女士")
    assert client.get_users_info([OPENID, OTHER])


@flow("tags, blacklist")
def tags() -> None:
    tag = client.create_tag("老客")["tag"]["id"]
    client.update_tag(tag, "常客")
    client.tag_users(tag, [OPENID])
    assert client.get_users_by_tag(tag)["count"] == 1
    client.get_tags_by_user(OPENID)
    client.untag_users(tag, [OPENID])
    client.delete_tag(tag)


@flow("QR codes with parameters")
def qrcodes() -> None:
    info = {"scene": {"scene_id": 7}}
    made = client.create_qrcode({"expire_seconds": 60, "action_name": "QR_SCENE", "action_info": info})
    assert client.show_qrcode(made["ticket"]).content[:3] == b"\xff\xd8\xff"


@flow("temporary media")
def media() -> None:
    made = client.upload_media("image", picture())
    assert client.download_media(made["media_id"]).content == JPG


@flow("permanent material")
def material() -> None:
    made = client.upload_permanent_media("image", picture())
    assert client.download_permanent_media(made["media_id"]).content == JPG
    client.get_media_count()
    client.get_media_list("image", 0, 20)
    client.delete_permanent_media(made["media_id"])
    assert client.upload_news_picture(picture())["url"]


@flow("template messages")
def templates() -> None:
    payload = {
        "template_id": "T" * 43,
        "kind": "template",
        "title": "预约",
        "content": "门店:{{thing1.DATA}}",
    }
    control(f"/accounts/{APPID}/templates", {"templates": [payload]})
    assert client.send_template_message(OPENID, "T" * 43, {"thing1": {"value": "天河店"}})["msgid"]


@flow("service accounts, sessions")
def service() -> None:
    client.add_custom_service_account("kf1@demo", "小林", "x")
    client.update_custom_service_account("kf1@demo", "小李", "x")
    client.get_custom_service_account_list()
    client.get_online_custom_service_account_list()


@flow("avatar of a service account")
def avatar() -> None:
    client.upload_custom_service_account_avatar("kf1@demo", picture())


@flow("service account deleted")
def service_deleted() -> None:
    client.delete_custom_service_account("kf1@demo", "小李", "x")


@flow("customer messages")
def messages() -> None:
    client.send_text_message(OPENID, "您好")
    client.send_image_message(OPENID, client.upload_media("image", picture())["media_id"])


@flow("mass sends")
def mass() -> None:
    sent = client.send_mass_msg("text", "周末活动", user_list=[OPENID, OTHER])
    client.get_mass_msg_status(sent["msg_id"])
    client.send_mass_msg("image", client.upload_media("image", picture())["media_id"])
    client.send_mass_preview_to_user("text", "看看", OPENID)
    client.set_mass_msg_speed(1)
    client.get_mass_msg_speed()


@flow("server: callbacks in plain mode")
def plain_callbacks() -> None:
    check("plain")


@flow("server: callbacks in safe mode")
def safe_callbacks() -> None:
    check("safe")


@flow("server: callbacks in compatible mode")
def compatible_callbacks() -> None:
    check("compatible")


if __name__ == "__main__":
    run()
