"""Tests of branches of sequences: the lane that somebody takes, and that no step is done twice."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.followers import tagging
from accounts.followers.models import Follower, Tag
from accounts.official.models import OfficialAccount
from tests.callbacks import served
from tests.cast import message
from tests.simulated import Simulated
from tests.working import kept_running, react_to_due, send_due
from wechat.campaigns.models import Enrolment, Sequence, SequenceStep, StepRun
from wechat.campaigns.sequences import editing, enrolling, paths, timing
from wechat.campaigns.sequences.paths import Node, Place
from wechat.kernel import work
from wechat.pushes.models import Push, Template
from wechat.sdk.beijing import BEIJING

OPENID = "oPhoneOfSomebody"
A_DAY = datetime.timedelta(days=1)


def text(words: str) -> dict[str, Any]:
    return {"content": {"type": "text", "content": words}}


def asks(field: str, compare: str, value: str = "") -> dict[str, Any]:
    row = {"field": field, "compare": compare, "value": value}
    return {"type": "branch", "content": {}, "conditions": [row]}


def add(sequence: Sequence, place: Place, **fields: Any) -> SequenceStep:
    step = SequenceStep(sequence=sequence, **{"content": {}, **fields})
    editing.add(step, place)
    return step


def passes(days: float = 0) -> None:
    """Lets time pass, after which workers look once more."""
    with time_machine.travel(timezone.now() + days * A_DAY):
        kept_running()
        work.run("campaigns.run_sequences")
        send_due()


# --- From a phone to the ledger


@pytest.fixture
def phone(simulated: Simulated, account: OfficialAccount) -> Iterator[Simulated]:
    with served() as address:
        simulated.create_account(account, callback_url=f"{address}{account.callback_path}")
        yield simulated


def does(phone: Simulated, account: OfficialAccount, **deed: Any) -> None:
    phone.sim(f"/accounts/{account.appid}/events/{OPENID}", deed)
    react_to_due()


def received(phone: Simulated, account: OfficialAccount) -> list[str]:
    entries = phone.get(f"/accounts/{account.appid}/ledger?openid={OPENID}")["entries"]
    return [
        each["content"].get("content") or each["content"]["data"]["thing1"]["value"]
        for each in entries
        if each["via"] != "system"
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_member", [True, False])
def test_a_follower_goes_the_way_of_their_tag_and_both_ways_meet_again(
    phone: Simulated, account: OfficialAccount, is_member: bool
) -> None:
    card = {"template_id": "T1", "kind": "template", "title": "提醒", "content": "内容:{{thing1.DATA}}\n"}
    phone.sim(f"/accounts/{account.appid}/templates", {"templates": [card]})
    template = Template.objects.create(
        account=account, kind="template", platform_id="T1", title="提醒", content="内容:{{thing1.DATA}}\n"
    )
    tag = Tag.objects.create(account=account, name="会员", state="there", due_at=None)
    sequence = Sequence.objects.create(account=account, name="欢迎", trigger="follow")
    first = add(sequence, Place(), **text("欢迎"))
    branch = add(sequence, Place(first.pk), wait=3, unit=1440, **asks("tag", "has", str(tag.pk)))

    def later(place: Place, words: str) -> SequenceStep:
        return add(sequence, place, template=template, values={"thing1": words}, **text(words))

    later(Place(branch.pk, "yes"), "会员礼")
    later(Place(branch.pk, "no"), "成为会员")
    later(Place(branch.pk), "再见")
    enrolling.switch(sequence, on=True)

    does(phone, account, type="follow")
    passes()
    assert received(phone, account) == ["欢迎"]
    if is_member:
        tagging.add(tag, Follower.objects.filter(openid=OPENID))
    passes(2.9)
    assert received(phone, account) == ["欢迎"]
    passes(3.001)
    assert received(phone, account) == ["欢迎", "会员礼" if is_member else "成为会员"]
    passes(3.002)
    assert received(phone, account) == ["欢迎", "会员礼" if is_member else "成为会员", "再见"]
    assert Enrolment.objects.get().state == "finished"


@pytest.mark.django_db(transaction=True)
def test_whoever_unfollows_on_the_way_gets_nothing_more(phone: Simulated, account: OfficialAccount) -> None:
    sequence = Sequence.objects.create(account=account, name="欢迎", trigger="follow")
    first = add(sequence, Place(), **text("欢迎"))
    add(sequence, Place(first.pk), wait=1, unit=60, **text("还在吗"))
    enrolling.switch(sequence, on=True)
    does(phone, account, type="follow")
    passes()
    does(phone, account, type="unfollow")
    passes(1)
    assert received(phone, account) == ["欢迎"]
    assert (Enrolment.objects.get().state, Enrolment.objects.get().reason) == ("stopped", "left")


# --- What a branch asks


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "days_ago", "lane"),
    [
        (("tap.coupons", "within", "3"), 2, "yes"),
        (("tap.coupons", "within", "3"), 4, "no"),
        (("inbox.tapped", "not_within", "3"), 4, "yes"),
        (("inbox.tapped", "within", "3"), 1, "yes"),
        (("inbox.wrote", "within", "30"), 1, "no"),
        (("custom.999", "is", "1"), 1, "no"),
    ],
)
def test_a_branch_asks_for_taps_of_the_last_days(
    account: OfficialAccount, monkeypatch: pytest.MonkeyPatch, asked: Any, days_ago: int, lane: str
) -> None:
    from wechat.console import codes

    monkeypatch.setattr(codes.menu_keys, "_sources", [lambda account_id, codes: [("coupons", "优惠")]])
    Follower.objects.create(account=account, openid=OPENID)
    message(
        account, "coupons", kind="event", event="click", openid=OPENID,
        received_at=timezone.now() - days_ago * A_DAY,
    )  # fmt: skip
    sequence = Sequence.objects.create(account=account, name="菜单", trigger="follow")
    branch = add(sequence, Place(), **asks(*asked))
    enrolling.switch(sequence, on=True)
    enrolling.start(account, OPENID, "follow", "test:1", at=timezone.now())
    work.run("campaigns.run_sequences")
    run = StepRun.objects.get(step=branch)
    assert (run.lane, run.skipped) == (lane, "deleted" if asked[0] == "custom.999" else "")


@pytest.mark.django_db
def test_a_step_sets_a_tag_that_begins_another_sequence(account: OfficialAccount) -> None:
    Follower.objects.create(account=account, openid=OPENID)
    tag = Tag.objects.create(account=account, name="新客", platform_id=100)
    sequence = Sequence.objects.create(account=account, name="甲", trigger="follow")
    add(sequence, Place(), type="tag", tag=tag)
    other = Sequence.objects.create(account=account, name="乙", trigger="tag", tag=tag, enabled=True)
    enrolling.switch(sequence, on=True)
    enrolling.start(account, OPENID, "follow", "test:1", at=timezone.now())
    work.run("campaigns.run_sequences")
    assert Follower.objects.get().tags.get() == tag
    assert Enrolment.objects.filter(sequence=other).count() == 1


@pytest.mark.parametrize(
    ("since", "fields", "due"),
    [
        ("2026-03-02 08:00", {"wait": 1, "unit": 1440}, "2026-03-03 08:00"),
        ("2026-03-02 08:00", {"at_time": datetime.time(9, 30)}, "2026-03-02 09:30"),
        ("2026-03-02 09:30", {"at_time": datetime.time(9, 30)}, "2026-03-02 09:30"),
        ("2026-03-02 10:00", {"at_time": datetime.time(9, 30)}, "2026-03-03 09:30"),
        # The 6th is a Friday.
        ("2026-03-06 08:00", {"wait": 1, "unit": 1440, "day": "workdays"}, "2026-03-09 08:00"),
        ("2026-03-06 10:00", {"at_time": datetime.time(9), "day": "workdays"}, "2026-03-09 09:00"),
        ("2026-03-02 08:00", {"day": "weekend"}, "2026-03-07 08:00"),
        ("2026-03-02 08:00", {"day": "1"}, "2026-03-02 08:00"),
        ("2026-03-03 08:00", {"day": "1"}, "2026-03-09 08:00"),
    ],
)
def test_a_step_is_due_after_its_wait_at_its_time_on_its_day(
    since: str, fields: dict[str, Any], due: str
) -> None:
    def moment(words: str) -> datetime.datetime:
        return datetime.datetime.fromisoformat(words).replace(tzinfo=BEIJING)

    assert timing.due(SequenceStep(**fields), moment(since)) == moment(due)


# --- Any tree, any way, any change on the way


def steps_of(nodes: list[Node]) -> list[SequenceStep]:
    return paths.number(nodes)


@st.composite
def trees(draw: st.DrawFn) -> list[Node]:
    nodes: list[Node] = []
    for pk in range(1, draw(st.integers(1, 12)) + 1):
        places = [Place(), *(Place(node.step.pk) for node in paths.walk(nodes))]
        places += [
            Place(node.step.pk, lane)
            for node in paths.walk(nodes)
            if node.step.type == "branch"
            for lane in ("yes", "no")
        ]
        step = SequenceStep(pk=pk, type=draw(st.sampled_from(["message", "branch", "wait"])))
        try:
            paths.insert(nodes, draw(st.sampled_from(places)), Node(step))
        except paths.TooDeep:
            continue
    return nodes


@given(trees())
def test_what_is_numbered_reads_as_the_same_tree(nodes: list[Node]) -> None:
    steps = steps_of(nodes)
    assert [step.position for step in steps] == list(range(len(steps)))
    assert [node.step.pk for node in paths.walk(paths.tree(steps))] == [step.pk for step in steps]
    for step in steps:
        assert (step.branch_id is None) == (step.lane == "")
        assert step.branch is None or step.branch.position < step.position


@given(trees(), st.data())
def test_whatever_is_moved_on_the_way_no_step_is_done_twice_and_the_way_ends(
    nodes: list[Node], data: st.DataObject
) -> None:
    done: dict[int, str] = {}
    moves = data.draw(st.integers(0, 4))
    while True:
        if moves and data.draw(st.booleans()):
            moves -= 1
            _move(nodes, data)
        steps = steps_of(nodes)
        step = paths.following(steps, done)
        if step is None:
            return
        assert step.pk not in done
        assert step.branch_id is None or done[step.branch_id] == step.lane
        done[step.pk] = data.draw(st.sampled_from(["yes", "no"])) if step.type == "branch" else ""


def _move(nodes: list[Node], data: st.DataObject) -> None:
    pk = data.draw(st.sampled_from([node.step.pk for node in paths.walk(nodes)]))
    up = data.draw(st.booleans())
    earlier, later = paths.neighbours(nodes, pk)
    if (place := earlier if up else later) is not None:
        paths.insert(nodes, place, paths.take_out(nodes, pk))


@given(trees(), st.data())
def test_down_and_up_again_is_where_it_was(nodes: list[Node], data: st.DataObject) -> None:
    pk = data.draw(st.sampled_from([node.step.pk for node in paths.walk(nodes)]))
    before = [(step.pk, step.lane, step.branch_id) for step in steps_of(nodes)]
    in_lane = next(node.step.lane for node in paths.walk(nodes) if node.step.pk == pk)
    _earlier, later = paths.neighbours(nodes, pk)
    if later is None or in_lane:
        return
    paths.insert(nodes, later, paths.take_out(nodes, pk))
    steps_of(nodes)
    earlier, _later = paths.neighbours(nodes, pk)
    assert earlier is not None
    paths.insert(nodes, earlier, paths.take_out(nodes, pk))
    assert [(step.pk, step.lane, step.branch_id) for step in steps_of(nodes)] == before


@pytest.mark.django_db
def test_people_keep_their_place_when_steps_come_and_go(account: OfficialAccount) -> None:
    sequence = Sequence.objects.create(account=account, name="改", trigger="follow")
    first = add(sequence, Place(), **text("一"))
    last = add(sequence, Place(first.pk), wait=1, unit=1440, **text("二"))
    enrolling.switch(sequence, on=True)
    enrolling.start(account, OPENID, "follow", "test:1", at=timezone.now())
    work.run("campaigns.run_sequences")
    assert Enrolment.objects.get().step == last
    editing.remove(sequence, first.pk)
    added = add(sequence, Place(), wait=2, unit=60, **text("新"))
    work.run("campaigns.run_sequences")
    assert Enrolment.objects.get().step == added
    editing.move(sequence, added.pk, Place(last.pk))
    work.run("campaigns.run_sequences")
    assert Enrolment.objects.get().step == last
    assert not Push.objects.exists()
