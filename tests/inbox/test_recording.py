"""The one statement that commits a batch."""

from itertools import product

import pytest

from accounts.official.models import OfficialAccount
from tests.platform import Platform
from wechat.inbox.models import InboundMessage
from wechat.inbox.recording import insert
from wechat.inbox.records import Record
from wechat.sdk.messages import parse

pytestmark = pytest.mark.django_db


def record(account: OfficialAccount, platform: Platform, number: int, answer: str) -> Record:
    body = platform.text("1", msg_id=number).encode()
    made = Record.of(account, parse(body), body)
    made.answer = {"type": "text", "content": answer}
    return made


@pytest.mark.parametrize("known", [(), (1,), (2,), (1, 2, 3)], ids=["none", "1", "2", "all"])
def test_whatever_of_a_batch_is_a_repeat_everyone_gets_the_stored_answer(
    account: OfficialAccount, platform: Platform, known: tuple[int, ...]
) -> None:
    insert([record(account, platform, number, "first") for number in known])
    batch = [
        record(account, platform, number, f"{number}{take}") for number, take in product((1, 2, 3), "abc")
    ]
    stored = insert(batch)
    for row in InboundMessage.objects.all():
        assert stored[account.pk, row.key] == row.answer
    assert InboundMessage.objects.count() == 3
    assert sum(answer == {"type": "text", "content": "first"} for answer in stored.values()) == len(known)


def test_a_batch_without_repeats_needs_no_second_look(account: OfficialAccount, platform: Platform) -> None:
    assert insert([record(account, platform, number, "a") for number in (1, 2, 3)]) == {}
