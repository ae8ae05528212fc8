import datetime

import pytest
from django.test import Client
from django.utils import timezone

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from accounts.staff.models import AuditEntry
from tests.cast import Cast, signed_in
from tests.simulated import Simulated
from wechat.sdk.calls import customer_service as kf
from wechat.sdk.errors import ApiError

pytestmark = pytest.mark.django_db

PAGE = "/admin/desk/thread/kf/"
WORKER = "lin@demo_oa"
OPENID = "oQc7a6KfXn2tR9vLw0Yp3dUbHs1M"


def at_work(simulated: Simulated, account: OfficialAccount) -> None:
    client = client_for(account)
    kf.add_worker(client, WORKER, "小林")
    kf.invite_worker(client, WORKER, "lin_demo")
    simulated.sim(f"/accounts/{account.appid}/workers/{WORKER}", {"accept": True, "online": True})


def test_a_worker_is_added_invited_renamed_and_deleted(
    account: OfficialAccount, staff: Cast, known: Simulated, desk: Client
) -> None:
    given = {"account": account.pk, "worker": WORKER}
    for action, more in (
        ("add", {"nickname": "小林"}),
        ("rename", {"nickname": "林林"}),
        ("invite", {"wechat_id": "lin_demo"}),
    ):
        assert "已完成" in desk.post(PAGE, {**given, "do": action, **more}, follow=True).content.decode()
    page = desk.get(PAGE).content.decode()
    assert "林林" in page
    assert "lin_demo 尚未接受邀请" in page
    desk.post(PAGE, {**given, "do": "delete"})
    assert kf.workers(client_for(account)) == []
    assert AuditEntry.objects.filter(user=staff.service).count() == 4


def test_the_platforms_refusal_is_told_in_words(
    account: OfficialAccount, known: Simulated, desk: Client
) -> None:
    given = {"account": account.pk, "worker": WORKER, "do": "add", "nickname": "小林"}
    desk.post(PAGE, given)
    assert "65406" in desk.post(PAGE, given, follow=True).content.decode()


def test_a_worker_who_is_not_bound_or_not_there_cannot_serve(
    account: OfficialAccount, known: Simulated
) -> None:
    known.sim(f"/accounts/{account.appid}/followers", {"openids": [OPENID]})
    client = client_for(account)
    kf.add_worker(client, WORKER, "小林")
    with pytest.raises(ApiError) as unbound:
        kf.create_session(client, WORKER, OPENID)
    assert unbound.value.errcode == 65402


def test_while_a_worker_serves_the_follower_writes_to_them(
    account: OfficialAccount, known: Simulated, desk: Client
) -> None:
    known.sim(f"/accounts/{account.appid}/followers", {"openids": [OPENID]})
    at_work(known, account)
    desk.post(PAGE, {"account": account.pk, "do": "serve", "worker": WORKER, "openid": OPENID})
    assert kf.sessions_of(client_for(account), WORKER) == [OPENID]
    assert OPENID in desk.get(PAGE).content.decode()
    report = known.sim(f"/accounts/{account.appid}/events/{OPENID}", {"type": "text", "content": "你好"})
    assert report["attempts"] == []
    now = int(timezone.now().timestamp())
    assert [each.text for each in kf.records(client_for(account), now - 60, now + 60)] == ["你好"]
    page = desk.get(f"{PAGE}records/?day={timezone.localdate():%Y-%m-%d}")
    assert "你好" in page.content.decode()
    desk.post(PAGE, {"account": account.pk, "do": "end", "worker": WORKER, "openid": OPENID})
    assert kf.sessions_of(client_for(account), WORKER) == []


@pytest.mark.parametrize(
    ("page", "api", "answer"),
    [
        ("", "/cgi-bin/customservice/getkflist", '{"kf_list":null}'),
        ("", "/cgi-bin/customservice/getkflist", '{"kf_list":[null,{"kf_nick":"林"},{"kf_account":7}]}'),
        ("", "/cgi-bin/customservice/getonlinekflist", '{"kf_online_list":[{"accepted_case":"一"}]}'),
        ("", "/customservice/kfsession/getwaitcase", '{"waitcaselist":{"openid":null}}'),
        ("records/", "/customservice/msgrecord/getmsglist", '{"recordlist":[{"time":1000000000000000000}]}'),
    ],
)
def test_an_answer_of_other_types_than_promised_is_shown_as_far_as_it_goes(
    known: Simulated, desk: Client, page: str, api: str, answer: str
) -> None:
    known.sim("/faults", {"api": api, "answer": answer, "times": 1})
    assert desk.get(f"{PAGE}{page}").status_code == 200


def test_records_of_more_than_a_day_are_refused(account: OfficialAccount, known: Simulated) -> None:
    end = timezone.now()
    begin = end - datetime.timedelta(days=2)
    with pytest.raises(ApiError) as refused:
        list(kf.records(client_for(account), int(begin.timestamp()), int(end.timestamp())))
    assert refused.value.errcode == 65417


def test_a_platform_that_is_away_is_said_so(settings: object, desk: Client) -> None:
    settings.WECHAT_API_BASE = "http://127.0.0.1:1"  # type: ignore[attr-defined]
    assert "连不上微信" in desk.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"answer": "<html>请先登录上网</html>"}, "收到的应答无法识别"),
        ({"answer": '{"kf_list":['}, "收到的应答无法识别"),
        ({"answer": '{"errcode":"none"}'}, "收到的应答无法识别"),
        ({"http_status": 302}, "收到的应答无法识别"),
        ({"http_status": 502}, "连不上微信"),
    ],
)
def test_an_answer_that_cannot_be_read_is_told_apart_from_none(
    known: Simulated, desk: Client, answer: dict[str, object], problem: str
) -> None:
    known.sim("/faults", {"api": "/cgi-bin/customservice/getkflist", "times": 1, **answer})
    assert problem in desk.get(PAGE).content.decode()


def test_whoever_only_reads_may_not_change_workers(
    account: OfficialAccount, staff: Cast, known: Simulated
) -> None:
    given = {"account": account.pk, "worker": WORKER, "do": "add", "nickname": "小林"}
    assert signed_in(staff.auditor).post(PAGE, given).status_code == 403
