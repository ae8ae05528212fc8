"""Tests of the recipients of campaigns, the reasons for exclusions, and errors in tables of openids."""

from collections import Counter
from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone

from accounts.followers import erasing
from accounts.followers.models import Follower, Segment, Tag
from accounts.followers.segments import Condition
from tests.campaigns.conftest import World, reasons, states
from wechat.campaigns import audience_file, dispatch, figures
from wechat.campaigns.counters import Tally
from wechat.campaigns.models import Campaign, MassCall, MassRecipient, MassSend, Recipient
from wechat.pushes import subscription_quota, windows
from wechat.pushes.models import Push
from wechat.pushes.windows import Trigger

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = [f"oCrowd{number:03d}" for number in range(10)]


def loaded(campaign: Campaign, text: str, encoding: str = "utf-8") -> audience_file.Loaded:
    return audience_file.load(campaign, BytesIO(text.encode(encoding)))


def test_who_left_or_is_blacklisted_is_left_out(world: World) -> None:
    world.follow(*CROWD[:3])
    tag = Tag.objects.create(account=world.account, name="老客户", state="there", due_at=None)
    for follower in Follower.objects.filter(account=world.account):
        follower.tags.add(tag)
    Follower.objects.filter(openid=CROWD[0]).update(subscribed=False)
    Follower.objects.filter(openid=CROWD[1]).update(blacklisted=True)
    campaign = world.checked(world.campaign(audience="tag", tag=tag))
    assert reasons(campaign) == {CROWD[0]: "unfollowed", CROWD[1]: "blacklisted"}
    assert Tally.of(campaign).number("waiting") == 1


def test_who_is_erased_before_their_turn_is_sent_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "AHEAD_SECONDS", 1)
    world.follow(*CROWD)
    campaign = world.begun(world.campaign(per_second=1))
    waiting = campaign.recipients.filter(state=Recipient.State.WAITING).latest("pk").openid
    erasing.erase(Follower.objects.get(openid=waiting))
    Campaign.objects.update(per_second=None)
    campaign.refresh_from_db()
    world.run(campaign)
    assert waiting not in world.received()
    assert reasons(campaign) == {waiting: "erased"}


def test_a_segment_means_whom_it_means_now(world: World) -> None:
    world.follow(*CROWD[:4])
    Follower.objects.filter(openid__in=CROWD[:2]).update(last_seen_at=timezone.now())
    conditions = [Condition(field="seen", compare="within", value="7")]
    segment = Segment.objects.create(account=world.account, name="近期", conditions=conditions)
    campaign = world.checked(world.campaign(audience="segment", segment=segment))
    assert set(campaign.recipients.values_list("openid", flat=True)) == set(CROWD[:2])


def test_a_segment_that_was_deleted_says_so_and_nothing_is_lost(world: World) -> None:
    campaign = world.checked(world.campaign(audience="segment", segment=None))
    assert (campaign.state, campaign.trouble) == ("draft", "audience_gone")


def test_without_an_open_window_or_an_agreement_there_is_no_way(world: World) -> None:
    world.follow(*CROWD[:3])
    windows.grant(world.account, CROWD[0], Trigger.MESSAGE, timezone.now())
    service = world.checked(world.campaign(way="service", template=None))
    assert reasons(service) == dict.fromkeys(CROWD[1:3], "no_way")
    subscription_quota.agree(world.account, CROWD[1], "Wq0demo", timezone.now(), "once")
    notice = world.checked(world.campaign(way="template", template=world.notice))
    assert reasons(notice) == dict.fromkeys((CROWD[0], CROWD[2]), "not_agreed")


def test_who_got_a_campaign_lately_is_left_out_as_long_as_was_asked(world: World) -> None:
    world.follow(*CROWD[:2])
    world.run(world.begun(world.campaign()))
    Push.objects.filter(openid=CROWD[0]).update(sent_at=timezone.now() - timedelta(days=4))
    campaign = world.checked(world.campaign(cap_days=3))
    assert reasons(campaign) == {CROWD[1]: "recently"}
    assert not reasons(world.checked(world.campaign(cap_days=0)))


@pytest.mark.parametrize("cause", ["campaign:999999", "sequence:1", "event:1", "api"])
def test_the_cap_counts_every_sender_and_only_what_was_really_sent(world: World, cause: str) -> None:
    world.follow(*CROWD)
    kept = {"sent": CROWD[0], "failed": CROWD[1], "uncertain": CROWD[2], "pending": CROWD[3]}
    now = timezone.now()
    for state, openid in kept.items():
        Push.objects.create(
            account=world.account, openid=openid, key=openid, content={}, kind="template", template="T",
            cause=cause, state=state, reason={"failed": "refused", "uncertain": "no_answer"}.get(state, ""),
            due_at=now if state == "pending" else None, sent_at=now if state == "sent" else None,
        )  # fmt: skip
    assert reasons(world.checked(world.campaign(cap_days=3))) == {CROWD[0]: "recently"}


def test_the_cap_counts_nothing_that_was_accepted_and_then_could_not_be_delivered(world: World) -> None:
    world.follow(*CROWD)
    Push.objects.create(
        account=world.account, openid=CROWD[0], key="1", content={}, kind="template", template="T",
        cause="campaign:999999", state="failed", reason="undelivered", sent_at=timezone.now(), msgid=7,
    )  # fmt: skip
    assert not reasons(world.checked(world.campaign(cap_days=3)))


def test_the_cap_does_not_count_answers_in_a_conversation(world: World) -> None:
    world.follow(*CROWD)
    Push.objects.create(
        account=world.account, openid=CROWD[0], key="desk:1", content={}, cause="staff:1", state="sent",
        sent_at=timezone.now(),
    )  # fmt: skip
    assert not reasons(world.checked(world.campaign(cap_days=3)))


@pytest.mark.parametrize(("target", "capped"), [("all", set(CROWD)), ("list", {CROWD[0]})])
def test_the_cap_counts_mass_sends(world: World, target: str, capped: set[str]) -> None:
    world.follow(*CROWD)
    now = timezone.now()
    send = MassSend.objects.create(account=world.account, name="x", content={}, target=target, state="done")
    call = MassCall.objects.create(
        send=send, account=world.account, number=1, clientmsgid="m1", body={}, state="done", msg_id=1,
        accepted_at=now,
    )  # fmt: skip
    MassRecipient.objects.create(call=call, account=world.account, openid=CROWD[0], at=now)
    assert set(reasons(world.checked(world.campaign(cap_days=3)))) == capped


def test_the_cap_counts_a_mass_send_to_everybody_for_those_who_followed_then(world: World) -> None:
    world.follow(*CROWD[:4])
    now = timezone.now()
    followed = {
        CROWD[0]: {"subscribed_at": now - timedelta(days=9)},
        CROWD[1]: {"first_subscribed_at": now, "subscribed_at": now},
        CROWD[2]: {
            "first_subscribed_at": now - timedelta(days=9), "unsubscribed_at": now - timedelta(hours=1),
            "subscribed_at": now,
        },
    }  # fmt: skip
    for openid, fields in followed.items():
        Follower.objects.filter(openid=openid).update(**fields)
    for number, hours in enumerate((30, 2), start=1):
        send = MassSend.objects.create(
            account=world.account, name="x", content={}, target="all", state="done"
        )
        MassCall.objects.create(
            send=send, account=world.account, number=1, clientmsgid=f"m{number}", body={}, state="done",
            msg_id=number, accepted_at=now - timedelta(hours=hours),
        )  # fmt: skip
    capped = reasons(world.checked(world.campaign(cap_days=3)))
    assert capped == dict.fromkeys((CROWD[0], CROWD[2], CROWD[3]), "recently")


def test_variants_and_the_control_group_are_the_same_every_time(world: World) -> None:
    crowd = [f"oMany{number:04d}" for number in range(400)]
    world.follow(*crowd)
    campaign = world.checked(world.campaign("A", "B", held_out=20))
    first = dict(campaign.recipients.values_list("openid", "letter"))
    counts = Counter(first.values())
    assert 50 < counts[""] < 110
    assert 120 < counts["A"] < 200
    assert 120 < counts["B"] < 200
    world.checked(campaign)
    assert dict(campaign.recipients.values_list("openid", "letter")) == first


def test_the_control_group_gets_nothing_and_each_variant_its_own_text(world: World) -> None:
    world.follow(*CROWD)
    campaign = world.run(world.begun(world.campaign("A", "B", held_out=30)))
    expected = {
        row.openid: "天河店" if row.letter == "A" else "B 店"
        for row in campaign.recipients.exclude(state="control")
    }
    assert world.texts_by_openid() == expected
    assert states(campaign)["control"] == 10 - len(expected)


def test_each_row_of_a_table_gets_its_own_words(world: World) -> None:
    world.follow(*CROWD[:2])
    campaign = world.campaign(audience="file")
    campaign.variants.update(values={"thing4": "{门店}见"})
    table = loaded(campaign, f"OpenID,门店\n{CROWD[0]},天河\n{CROWD[1]},越秀\n", "gb18030")
    assert (table.columns, table.rows) == (["门店"], 2)
    world.run(world.begun(campaign))
    assert world.texts_by_openid() == {CROWD[0]: "天河见", CROWD[1]: "越秀见"}


def test_bad_rows_of_a_table_are_left_out_each_with_its_reason(world: World) -> None:
    world.follow(*CROWD[:3])
    campaign = world.campaign(audience="file")
    campaign.variants.update(values={"thing4": "{门店}"})
    lines = [
        "openid,门店",
        f"{CROWD[0]},天河",
        f"{CROWD[0]},越秀",
        f"{CROWD[1]},",
        f"{CROWD[2]},{'长' * 21}",
        "oSomebodyElse,番禺",
        ",无名",
        f"{'o' * 65},太长",
    ]
    table = loaded(campaign, "\n".join(lines))
    assert (table.rows, table.repeated, table.without_openid) == (4, 1, 2)
    world.run(world.begun(campaign))
    assert reasons(campaign) == {CROWD[1]: "no_word", CROWD[2]: "bad_word", "oSomebodyElse": "stranger"}
    assert world.texts_by_openid() == {CROWD[0]: "天河"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "姓名\n张三\n",
        "openid,a,a\no1,1,2\n",
        "openid,{a}\no1,1\n",
        "openid,a|b\no1,1\n",
        "openid,,b\no1,1,2\n",
        "openid\n",
        f"openid,满减\n{CROWD[0]},1,234.00\n",
        "\0\0",
    ],
)
def test_a_table_that_cannot_be_used_is_refused_and_the_former_one_stays(world: World, text: str) -> None:
    campaign = world.campaign(audience="file")
    loaded(campaign, f"openid\n{CROWD[0]}\n")
    with pytest.raises(audience_file.BadTable):
        loaded(campaign, text)
    assert campaign.rows.get().openid == CROWD[0]


def test_a_title_above_a_table_and_row_numbers_before_it_are_none_of_its_words(world: World) -> None:
    campaign = world.campaign(audience="file")
    table = loaded(campaign, f"三月活动,,\n,,\n,粉丝 OpenID,门店\n1,{CROWD[0]},天河\n")
    assert (table.columns, table.rows, table.without_openid) == (["门店"], 1, 0)
    assert campaign.rows.get().words == {"门店": "天河"}


@pytest.mark.parametrize("cell", ["#N/A", "#VALUE!", "4.2E+27", "####", "王\ufffd"])
def test_a_word_that_a_spreadsheet_has_spoilt_is_sent_to_nobody(world: World, cell: str) -> None:
    campaign = world.campaign(audience="file")
    with pytest.raises(audience_file.BadTable, match=rf"3.*门店.*{cell.replace('+', '.')}"):
        loaded(campaign, f"openid,门店\n{CROWD[0]},天河\n{CROWD[1]},{cell}\n")


def test_a_heading_in_two_lines_is_a_word_that_a_text_can_say(world: World) -> None:
    campaign = world.campaign(audience="file")
    assert loaded(campaign, f'openid,"优惠券\n 编号"\n{CROWD[0]},A1\n').columns == ["优惠券 编号"]


def test_a_table_of_a_hundred_thousand_rows_is_taken(world: World) -> None:
    campaign = world.campaign(audience="file")
    campaign.variants.update(values={"thing4": "{门店}"})
    lines = [f"oRow{number:06d},门店{number}" for number in range(100_000)]
    table = loaded(campaign, "openid,门店\n" + "\n".join(lines))
    assert table.rows == 100_000
    world.checked(campaign)
    assert Tally.of(campaign).reasons("excluded") == {("excluded", "stranger"): 100_000}


def test_the_arithmetic_adds_up(world: World) -> None:
    world.follow(*CROWD)
    Follower.objects.filter(openid=CROWD[0]).update(blacklisted=True)
    campaign = world.checked(world.campaign(held_out=20))
    tally = Tally.of(campaign)
    left_out = sum(line.number for line in figures.reason_counts(tally, Recipient.State.EXCLUDED))
    going = sum(way.number for way in figures.kind_counts(tally))
    assert tally.number() == 10 == left_out + tally.number("control") + going


def test_what_is_left_of_the_days_quota_is_asked_of_wechat(world: World) -> None:
    world.follow(*CROWD)
    world.sim("/quota", {"api": "/cgi-bin/message/template/send", "daily_limit": 4})
    campaign = world.checked(world.campaign())
    (way,) = figures.kind_counts(Tally.of(campaign), campaign.account)
    assert (way.number, way.left, way.lacks) == (10, -6, 6)


def test_the_end_is_reckoned_with_the_speed_and_the_quiet_hours(world: World) -> None:
    campaign = world.campaign(per_second=1)
    campaign.tally = [["waiting", "", "template", "A", 7200]]
    begin = timezone.localtime().replace(hour=20, minute=0, second=0, microsecond=0)
    tally = Tally.of(campaign)
    assert figures.ends_at(campaign, tally, begin) == begin + timedelta(hours=2)
    campaign.quiet_from, campaign.quiet_until = begin.replace(hour=21).time(), begin.replace(hour=8).time()
    assert figures.ends_at(campaign, tally, begin) == begin + timedelta(hours=13)
