"""Followers, codes, media and the account itself (WeChat reference 4, 6, 7, 12)."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import samples
from tests.simulator.conftest import APPID, OPENID, AccountServer, Simulator, reply

JPG, AMR, MP4 = samples.load("image", "")[2], samples.load("voice", "")[2], samples.load("video", "")[2]
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


def test_the_list_of_followers_is_read_page_by_page(simulator: Simulator) -> None:
    simulator.sim("/settings", {"user_page_size": 2})
    openids = simulator.sim(f"/accounts/{APPID}/followers", {"count": 5})["openids"]
    assert {len(each) for each in openids} == {28}
    found, cursor, sizes = [], "", []
    while True:
        page = simulator.call("/cgi-bin/user/get", next_openid=cursor)
        sizes.append(page["count"])
        if not page["count"]:
            break
        found += page["data"]["openid"]
        cursor = page["next_openid"]
    assert (found, sizes) == (openids, [2, 2, 1, 0])
    assert "data" not in page


def test_who_follows_again_comes_last(simulator: Simulator) -> None:
    first, second = simulator.sim(f"/accounts/{APPID}/followers", {"count": 2})["openids"]
    simulator.event(first, type="unfollow")
    assert simulator.call("/cgi-bin/user/get")["data"]["openid"] == [second]
    simulator.event(first, type="follow")
    assert simulator.call("/cgi-bin/user/get")["data"]["openid"] == [second, first]


def test_a_profile_shows_how_someone_came_and_that_someone_left(simulator: Simulator) -> None:
    simulator.event(type="scan", scene="store-0042")
    answer = simulator.call("/cgi-bin/user/info", openid=OPENID)
    assert (answer["subscribe"], answer["subscribe_scene"], answer["qr_scene_str"]) == (
        1,
        "ADD_SCENE_QR_CODE",
        "store-0042",
    )
    assert "nickname" not in answer
    simulator.event(type="unfollow")
    left = {"subscribe": 0, "openid": OPENID, "tagid_list": []}
    assert simulator.call("/cgi-bin/user/info", openid=OPENID) == left
    batch = simulator.call("/cgi-bin/user/info/batchget", {"user_list": [{"openid": OPENID}]})
    assert batch == {"user_info_list": [left]}


def test_a_batch_holds_a_hundred_openids_at_most(simulator: Simulator) -> None:
    assert simulator.code("/cgi-bin/user/info/batchget", {"user_list": [{"openid": OPENID}] * 101}) == 40032


@pytest.mark.parametrize(
    ("action", "scene", "code"),
    [
        ("QR_SCENE", {"scene_id": 0}, 40053),
        ("QR_SCENE", {"scene_id": 2**32 - 1}, 0),
        ("QR_LIMIT_SCENE", {"scene_id": 100_001}, 40053),
        ("QR_STR_SCENE", {"scene_str": "x" * 65}, 40053),
        ("QR_STR_SCENE", {"scene_id": 4}, 40053),
        ("QR_ANY", {"scene_id": 4}, 40052),
    ],
)
def test_scenes_have_their_limits(
    simulator: Simulator, action: str, scene: dict[str, Any], code: int
) -> None:
    body = {"action_name": action, "action_info": {"scene": scene}}
    assert simulator.code("/cgi-bin/qrcode/create", body) == code


def test_a_code_can_be_seen_and_scanned_until_it_runs_out(simulator: Simulator) -> None:
    body = {
        "expire_seconds": 60,
        "action_name": "QR_STR_SCENE",
        "action_info": {"scene": {"scene_str": "desk"}},
    }
    code = simulator.call("/cgi-bin/qrcode/create", body)
    assert code["expire_seconds"] == 60
    picture = simulator.raw("/cgi-bin/showqrcode", ticket=code["ticket"])
    assert picture.content.startswith(b"\xff\xd8\xff")
    assert simulator.raw("/cgi-bin/showqrcode", ticket="other").status_code == 404
    followed = simulator.event(type="scan", ticket=code["ticket"])["attempts"][0]["request"]["fields"]
    assert (followed["Event"], followed["EventKey"], followed["Ticket"]) == (
        "subscribe",
        "qrscene_desk",
        code["ticket"],
    )
    scanned = simulator.event(type="scan", scene="desk")["attempts"][0]["request"]["fields"]
    assert (scanned["Event"], scanned["EventKey"]) == ("SCAN", "desk")
    simulator.sim("/clock", {"advance": 61})
    late = simulator.session.post(
        f"{simulator.base}/_sim/accounts/{APPID}/events/{OPENID}",
        json={"type": "scan", "scene": "desk"},
        timeout=30,
    )
    assert (late.status_code, late.json()) == (400, {"error": "this code has run out"})


def test_temporary_media_keep_their_bytes_for_three_days(simulator: Simulator) -> None:
    kept = simulator.upload("/cgi-bin/media/upload", "lake.jpg", JPG, type="image")
    token, query = simulator.token, {"media_id": kept["media_id"]}
    answer = simulator.raw("/cgi-bin/media/get", access_token=token, **query)
    assert (answer.content, answer.headers["Content-Type"]) == (JPG, "image/jpeg")
    assert "lake.jpg" in answer.headers["Content-Disposition"]
    simulator.sim("/clock", {"advance": 3 * 86_400})
    simulator.get_token()
    assert simulator.code("/cgi-bin/media/get", **query) == 40007


def test_a_video_is_fetched_by_its_address(simulator: Simulator) -> None:
    kept = simulator.upload("/cgi-bin/media/upload", "waves.mp4", MP4, type="video")
    url = simulator.call("/cgi-bin/media/get", media_id=kept["media_id"])["video_url"]
    assert simulator.session.get(url, timeout=30).content == MP4


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        ("image", b"just text", 40005),
        ("image", AMR, 40005),
        ("image", b"", 44001),
        ("pdf", JPG, 40004),
        ("voice", b"#!AMR\n" + b"\x7c" * 3001, 45007),
        ("voice", b"ID3" + b"\0" * 2 * 1024 * 1024, 40010),
        ("thumb", JPG[:3] + b"\0" * 65 * 1024, 40012),
        ("thumb", PNG, 40005),
        ("image", PNG, 0),
        ("voice", AMR, 0),
    ],
)
def test_files_of_the_wrong_kind_or_size_are_refused(
    simulator: Simulator, kind: str, data: bytes, code: int
) -> None:
    assert simulator.upload("/cgi-bin/media/upload", "file", data, type=kind).get("errcode", 0) == code


def test_an_upload_without_a_file_is_refused(simulator: Simulator) -> None:
    assert simulator.code("/cgi-bin/media/upload", b"", type="image") == 41005


def test_permanent_material_is_counted_listed_fetched_and_deleted(simulator: Simulator) -> None:
    first = simulator.upload("/cgi-bin/material/add_material", "a.png", PNG, type="image")
    second = simulator.upload("/cgi-bin/material/add_material", "b.jpg", JPG, type="image")
    assert simulator.session.get(first["url"], timeout=30).content == PNG
    assert simulator.call("/cgi-bin/material/get_materialcount")["image_count"] == 2
    page = simulator.call("/cgi-bin/material/batchget_material", {"type": "image", "offset": 0, "count": 1})
    assert (page["total_count"], page["item_count"], page["item"][0]["name"]) == (2, 1, "b.jpg")
    wanted = {"media_id": second["media_id"]}
    simulator.sim("/clock", {"advance": 30 * 86_400})
    token = simulator.get_token()
    assert simulator.raw("/cgi-bin/material/get_material", wanted, access_token=token).content == JPG
    assert simulator.code("/cgi-bin/material/del_material", wanted) == 0
    assert simulator.code("/cgi-bin/material/get_material", wanted) == 40007


def test_a_permanent_video_comes_with_its_description(simulator: Simulator) -> None:
    assert simulator.upload("/cgi-bin/material/add_material", "w.mp4", MP4, type="video")["errcode"] == 47001
    form = {"description": '{"title":"海浪","introduction":"三秒"}'}
    kept = simulator.upload("/cgi-bin/material/add_material", "w.mp4", MP4, form, type="video")
    answer = simulator.call("/cgi-bin/material/get_material", {"media_id": kept["media_id"]})
    assert (answer["title"], answer["description"]) == ("海浪", "三秒")


def test_the_network_check_tells_a_reachable_server_from_a_silent_one(
    simulator: Simulator, server: AccountServer
) -> None:
    check = {"action": "all", "check_operator": "DEFAULT"}
    assert simulator.call("/cgi-bin/callback/check", check)["ping"][0]["package_loss"] == "0%"
    simulator.sim("/accounts", {"appid": APPID, "callback_url": "http://127.0.0.1:9/"})
    assert simulator.call("/cgi-bin/callback/check", check)["ping"][0]["package_loss"] == "100%"
    simulator.sim("/accounts", {"appid": APPID, "callback_url": ""})
    assert simulator.code("/cgi-bin/callback/check", check) == 40201
    assert simulator.code("/cgi-bin/callback/check", {**check, "action": "smell"}) == 40202
    assert simulator.code("/cgi-bin/callback/check", {**check, "check_operator": "?"}) == 40203


def test_the_owners_auto_replies_are_answered_as_set(simulator: Simulator) -> None:
    rules = {"is_add_friend_reply_open": 1, "add_friend_autoreply_info": {"type": "text", "content": "欢迎"}}
    simulator.sim(f"/accounts/{APPID}/autoreply", rules)
    assert simulator.call("/cgi-bin/get_current_autoreply_info") == rules


def test_a_path_that_is_no_api_has_no_quota(simulator: Simulator) -> None:
    assert simulator.code("/cgi-bin/openapi/quota/get", {"cgi_path": "/cgi-bin/nothing"}) == 76021
    assert simulator.code("/cgi-bin/openapi/quota/get", {"cgi_path": "/sns/userinfo"}) == 76022


def test_a_reply_with_media_needs_media_the_account_has(simulator: Simulator, server: AccountServer) -> None:
    kept = simulator.upload("/cgi-bin/media/upload", "lake.jpg", JPG, type="image")
    server.answer = lambda pushed: reply("image", f"<Image><MediaId>{kept['media_id']}</MediaId></Image>")
    assert simulator.event(type="text")["attempts"][0]["verdict"] == "reply"
    server.answer = lambda pushed: reply("voice", f"<Voice><MediaId>{kept['media_id']}</MediaId></Voice>")
    assert simulator.event(type="text")["attempts"][0]["verdict"].startswith("refused: MediaId")
