"""Tests of the remaining quota of the day, its clearing, and the account's tokens."""

import datetime
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_redis import get_redis_connection

from accounts.official import quotas
from accounts.official.clients import access_token_of, client_for
from accounts.official.models import OfficialAccount, QuotaClearing, QuotaReading, TokenEvent
from accounts.staff.models import AuditEntry
from tests.cast import Cast, signed_in
from tests.simulated import Simulated
from wechat.kernel import exposition, work
from wechat.kernel.models import Hold
from wechat.sdk.calls.base import api_domain_ips, clear_quota
from wechat.sdk.errors import ApiError

pytestmark = pytest.mark.django_db(transaction=True)

BOARD, CLEAR, TOKENS = "operations_quotas", "operations_quotas_clear", "operations_tokens"
SEND = "/cgi-bin/message/template/send"


@pytest.fixture(autouse=True)
def _known(simulated: Simulated, account: OfficialAccount) -> None:
    get_redis_connection("default").flushdb()
    simulated.create_account(account)


def posted(client: Client, name: str, account: OfficialAccount, **data: Any) -> str:
    answer = client.post(reverse(name), {"account": account.pk, **data}, follow=True)
    return answer.content.decode()


def limited(simulated: Simulated, account: OfficialAccount, limit: int) -> None:
    simulated.sim(f"/accounts/{account.appid}/quota", {"api": SEND, "daily_limit": limit})


def test_the_board_shows_what_wechat_tells_the_scarcest_first(
    simulated: Simulated, account: OfficialAccount, owner: Client
) -> None:
    limited(simulated, account, 4)
    with pytest.raises(ApiError):
        client_for(account).post(SEND, {"touser": "nobody"})
    html = posted(owner, BOARD, account)
    assert html.index("模板消息") < html.index("客服消息")
    assert 'data-label="今日剩余">3<' in html
    assert 'data-label="每日上限">500,000<' in html


def test_the_counters_are_read_again_every_hour(account: OfficialAccount) -> None:
    quotas.watch(account)
    work.run("official.read_quotas")
    row = quotas.watch(account)
    assert quotas.of(row)
    assert row.due_at is not None
    assert row.due_at > timezone.now()


@pytest.mark.parametrize("quota", [{"daily_limit": "5", "used": 1, "remain": 4.0}, None])
def test_an_answer_with_other_types_than_documented_is_read_all_the_same(
    simulated: Simulated, account: OfficialAccount, quota: dict[str, Any] | None
) -> None:
    told = json.dumps({"errcode": 0, "quota": quota, "rate_limit": None})
    simulated.sim("/faults", {"api": "/cgi-bin/openapi/quota/get", "answer": told})
    quotas.watch(account)
    work.run("official.read_quotas")
    row = QuotaReading.objects.get()
    assert (row.error, row.read_at is None) == ("", False)
    assert {(each.limit, each.left, each.a_minute) for each in quotas.of(row)} == (
        {(5, 4, 0)} if quota else set()
    )


def test_a_request_whose_time_is_no_number_is_shown_all_the_same(
    simulated: Simulated, account: OfficialAccount, owner: Client
) -> None:
    told = json.dumps({"errcode": 0, "request": {"invoke_time": None, "request_url": "/cgi-bin/menu/create"}})
    simulated.sim("/faults", {"api": "/cgi-bin/openapi/rid/get", "answer": told})
    with pytest.raises(ApiError) as refused:
        client_for(account).post(SEND, {"touser": "nobody"})
    assert "/cgi-bin/menu/create" in posted(owner, BOARD, account, rid=refused.value.rid)


def test_what_is_left_is_a_metric_of_every_account_without_anybody_looking(
    simulated: Simulated, account: OfficialAccount
) -> None:
    limited(simulated, account, 4)
    with pytest.raises(ApiError):
        client_for(account).post(SEND, {"touser": "nobody"})
    assert work.run("official.watch_quotas") == 1
    assert work.run("official.watch_quotas") == 0
    work.run("official.read_quotas")
    text = exposition.text().decode()
    assert f'wechat_quota_left{{account="demo",api="{SEND}"}} 3.0' in text
    assert f'wechat_quota_limit{{account="demo",api="{SEND}"}} 4.0' in text
    # What is of another hour says nothing of this one.
    QuotaReading.objects.update(read_at=timezone.now() - datetime.timedelta(hours=3))
    assert "wechat_quota_left{" not in exposition.text().decode()


def test_counters_that_could_not_be_read_are_asked_for_again_whatever_was_wrong(
    simulated: Simulated, account: OfficialAccount
) -> None:
    row = quotas.watch(account)
    simulated.sim("/faults", {"api": "/cgi-bin/openapi/quota/get", "errcode": 40035, "times": 1})
    work.run("official.read_quotas")
    row.refresh_from_db()
    assert row.errcode == 40035
    assert row.due_at is not None
    assert row.due_at > timezone.now()


def test_an_account_without_a_secret_is_asked_for_nothing(account: OfficialAccount) -> None:
    OfficialAccount.objects.update(appsecret="")
    assert work.run("official.watch_quotas") == 0


def test_quotas_are_cleared_after_it_was_said_what_will_happen(
    simulated: Simulated, account: OfficialAccount, owner: Client
) -> None:
    """What waited for the quota goes on at once."""
    now = timezone.now()
    until = now + datetime.timedelta(hours=9)
    Hold.objects.create(work="menus.publish", subject=account.pk, cause="quota", since=now, until=until)
    refused_before = Hold.objects.create(
        work="followers.sync_followers", subject=account.pk, cause="account", since=now, until=until
    )
    limited(simulated, account, 1)
    for _attempt in range(2):
        with pytest.raises(ApiError):
            client_for(account).post(SEND, {"touser": "nobody"})
    asked = owner.get(reverse(CLEAR)).content.decode()
    assert "本月已在这里使用 0 次（共 10 次），还剩 10 次" in asked
    assert "微信已重新计数" in posted(owner, CLEAR, account)
    assert "本月已在这里使用 1 次" in owner.get(reverse(CLEAR)).content.decode()
    assert list(Hold.objects.all()) == [refused_before]
    with pytest.raises(ApiError) as refused:
        client_for(account).post(SEND, {"touser": "nobody"})
    assert refused.value.errcode != 45009
    assert "本月清零次数：0 → 1" in AuditEntry.objects.latest("pk").words


def test_wechat_s_own_limit_of_clearings_is_told_in_words(account: OfficialAccount, owner: Client) -> None:
    for _time in range(10):
        clear_quota(client_for(account))
    assert "48006" in posted(owner, CLEAR, account)
    assert not QuotaClearing.objects.exists()


def test_an_auditor_looks_and_clears_nothing(staff: Cast) -> None:
    auditor = signed_in(staff.auditor)
    assert auditor.get(reverse(BOARD)).status_code == 200
    assert auditor.get(reverse(CLEAR)).status_code == 403


def test_the_request_behind_a_number_is_looked_up(account: OfficialAccount, owner: Client) -> None:
    with pytest.raises(ApiError) as refused:
        client_for(account).post(SEND, {"touser": "nobody"})
    html = posted(owner, BOARD, account, rid=refused.value.rid)
    assert SEND in html
    assert "access_token=***" in html
    assert "76001" in posted(owner, BOARD, account, rid="00000000-00000000-00000000")


def test_the_page_of_tokens_tells_who_fetched_and_what_was_ended(
    simulated: Simulated, account: OfficialAccount, owner: Client
) -> None:
    token = access_token_of(account).value
    api_domain_ips(client_for(account))
    html = owner.get(reverse(TOKENS)).content.decode()
    assert token not in html
    assert TokenEvent.objects.filter(what="fetched").count() == 1
    simulated.sim(f"/accounts/{account.appid}/tokens/invalidate", {})
    api_domain_ips(client_for(account))
    html = owner.get(reverse(TOKENS)).content.decode()
    assert "未到期即被微信拒绝" in html
    assert "@" in html
