import datetime
import threading
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from tests.api import urls
from tests.signed import Signed, business_system, error_code
from wechat.api.expiry import FORGETTING
from wechat.api.models import KeptAnswer, SeenNonce
from wechat.kernel import work

pytestmark = pytest.mark.django_db

NOTES = "/api/v1/notes/"


def test_the_same_key_and_body_get_the_same_answer(caller: Signed) -> None:
    first = caller.post(NOTES, {"name": "a"}, key="order-1")
    again = caller.post(NOTES, {"name": "a"}, key="order-1")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Tag.objects.count() == 1


@pytest.mark.parametrize(("body", "query"), [({"name": "b"}, {}), ({"name": "a"}, {"account": "demo"})])
def test_the_same_key_for_another_request_is_refused(
    caller: Signed, body: dict[str, str], query: dict[str, str]
) -> None:
    caller.post(NOTES, {"name": "a"}, key="order-1")
    answer = caller.post(NOTES, body, key="order-1", **query)
    assert (answer.status_code, error_code(answer)) == (409, "idempotency_key_reused")
    assert Tag.objects.count() == 1


def test_two_clients_may_choose_the_same_key(caller: Signed, account: OfficialAccount) -> None:
    other = business_system(account, scopes=["notes:write"])
    assert caller.post(NOTES, {"name": "a"}, key="order-1").status_code == 201
    assert other.post(NOTES, {"name": "b"}, key="order-1").status_code == 201


@pytest.mark.parametrize("key", [None, "x" * 129])
def test_a_key_is_needed(caller: Signed, key: str | None) -> None:
    answer = caller.send("POST", NOTES, body={"name": "a"}, headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    assert error_code(answer).startswith("idempotency_key_")
    assert not Tag.objects.exists()


def test_a_refused_request_may_be_corrected_under_its_key(caller: Signed) -> None:
    assert caller.post(NOTES, {"name": ""}, key="order-1").status_code == 400
    assert caller.post(NOTES, {"name": "a"}, key="order-1").status_code == 201


def test_a_crash_leaves_the_key_free(caller: Signed) -> None:
    assert caller.post(NOTES, {"name": "crash"}, key="order-1").status_code == 500
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_time_one_is_carried_out(caller: Signed) -> None:
    answers: list[Any] = []

    def first() -> None:
        try:
            answers.append(caller.post(NOTES, {"name": "a"}, key="order-1"))
        finally:
            connection.close()

    urls.entered.clear()
    urls.may_go_on.clear()
    thread = threading.Thread(target=first)
    thread.start()
    try:
        assert urls.entered.wait(60)
        meanwhile = caller.post(NOTES, {"name": "a"}, key="order-1")
    finally:
        urls.may_go_on.set()
        thread.join(60)
    assert (meanwhile.status_code, error_code(meanwhile)) == (409, "in_progress")
    assert [answer.status_code for answer in answers] == [201]
    assert caller.post(NOTES, {"name": "a"}, key="order-1").content == answers[0].content
    assert Tag.objects.count() == 1


def test_a_worker_that_died_holds_the_key_for_its_lease_only(caller: Signed) -> None:
    caller.post(NOTES, {"name": "a"}, key="order-1")
    Tag.objects.all().delete()
    KeptAnswer.objects.update(status=None, leased_until=timezone.now() + datetime.timedelta(seconds=30))
    assert error_code(caller.post(NOTES, {"name": "a"}, key="order-1")) == "in_progress"
    KeptAnswer.objects.update(leased_until=timezone.now() - datetime.timedelta(seconds=1))
    assert error_code(caller.post(NOTES, {"name": "b"}, key="order-1")) == "idempotency_key_reused"
    assert caller.post(NOTES, {"name": "a"}, key="order-1").status_code == 201


def test_after_its_time_a_key_is_free_and_is_forgotten(caller: Signed) -> None:
    caller.post(NOTES, {"name": "a"}, key="order-1")
    over = timezone.now() - datetime.timedelta(seconds=1)
    SeenNonce.objects.create(value="1:abc", expires_at=over)
    assert not KeptAnswer.objects.filter(expires_at__lte=timezone.now()).exists()
    KeptAnswer.objects.update(expires_at=over)
    assert caller.post(NOTES, {"name": "b"}, key="order-1").status_code == 201
    KeptAnswer.objects.update(expires_at=over)
    assert FORGETTING.is_due()
    assert work.run("api.forget") == 2
    assert not FORGETTING.is_due()


def test_a_key_that_is_used_again_while_old_ones_are_forgotten_stays(caller: Signed) -> None:
    caller.post(NOTES, {"name": "a"}, key="order-1")
    KeptAnswer.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    answers: list[Any] = []

    def use_again(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith('DELETE FROM "api_keptanswer"') and not answers:
            answers.append(caller.post(NOTES, {"name": "b"}, key="order-1"))
        return execute(sql, *rest)

    with connection.execute_wrapper(use_again):
        work.run("api.forget")
    repeated = caller.post(NOTES, {"name": "b"}, key="order-1")
    assert (repeated["Idempotent-Replayed"], repeated.content) == ("true", answers[0].content)
