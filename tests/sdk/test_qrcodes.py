import json

import pytest

from tests.sdk.platform import Platform, Reply, Request, answer
from wechat.sdk.calls import qrcodes
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError, ContentError, TransportError

CREATE = "/cgi-bin/qrcode/create"
URL = "http://weixin.qq.com/q/02demoTicket"


@pytest.mark.parametrize(
    ("scene", "action", "sent"),
    [("store-0042", "QR_STR_SCENE", {"scene_str": "store-0042"}), (7, "QR_SCENE", {"scene_id": 7})],
)
def test_a_temporary_code_is_asked_for_with_its_seconds(
    platform: Platform, client: Client, scene: int | str, action: str, sent: dict[str, int | str]
) -> None:
    platform.routes[CREATE] = lambda request: answer(ticket="gQ==", expire_seconds=604800, url=URL)
    made = qrcodes.create_temporary(client, scene, 604800)
    assert made == qrcodes.Made("gQ==", URL, 604800)
    body = json.loads(platform.requests[-1].body)
    assert body == {"expire_seconds": 604800, "action_name": action, "action_info": {"scene": sent}}


@pytest.mark.parametrize(("scene", "action"), [("a", "QR_LIMIT_STR_SCENE"), (100_000, "QR_LIMIT_SCENE")])
def test_a_permanent_code_has_no_end(
    platform: Platform, client: Client, scene: int | str, action: str
) -> None:
    platform.routes[CREATE] = lambda request: answer(ticket="gQ==", url=URL)
    assert qrcodes.create_permanent(client, scene).expires_in is None
    body = json.loads(platform.requests[-1].body)
    assert (body["action_name"], "expire_seconds" in body) == (action, False)


@pytest.mark.parametrize("scene", ["", "x" * 65, 0, 100_001, -1])
def test_a_scene_out_of_bounds_never_leaves(platform: Platform, client: Client, scene: int | str) -> None:
    with pytest.raises(ContentError):
        qrcodes.create_permanent(client, scene)
    assert not platform.requests


@pytest.mark.parametrize("seconds", [0, 30 * 86_400 + 1])
def test_a_temporary_code_lasts_thirty_days_at_most(client: Client, seconds: int) -> None:
    with pytest.raises(ContentError):
        qrcodes.create_temporary(client, "a", seconds)


def test_a_refusal_and_half_an_answer_are_told_apart(platform: Platform, client: Client) -> None:
    platform.routes[CREATE] = lambda request: answer(errcode=45029, errmsg="qrcode count out of limit")
    with pytest.raises(ApiError, match="45029"):
        qrcodes.create_permanent(client, "a")
    platform.routes[CREATE] = lambda request: answer(ticket="gQ==")
    with pytest.raises(TransportError):
        qrcodes.create_permanent(client, "a")


def test_a_picture_is_fetched_by_its_ticket_and_without_a_token(platform: Platform, base: str) -> None:
    asked: list[Request] = []

    def show(request: Request) -> Reply:
        asked.append(request)
        return Reply(b"\xff\xd8\xffpicture", "image/jpg")

    platform.open_routes["/cgi-bin/showqrcode"] = show
    assert qrcodes.picture("gQ+/==", base) == b"\xff\xd8\xffpicture"
    assert asked[0].query == {"ticket": "gQ+/=="}


def test_a_ticket_nobody_knows_has_no_picture(platform: Platform, base: str) -> None:
    platform.open_routes["/cgi-bin/showqrcode"] = lambda request: Reply(b"", "text/html", 404)
    with pytest.raises(TransportError, match="404"):
        qrcodes.picture("gone", base)
