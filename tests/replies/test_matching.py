import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wechat.replies.matching import compile_rules
from wechat.replies.specs import (
    Audience,
    Compare,
    FollowerFacts,
    KeywordSpec,
    Reason,
    RuleSpec,
    Trigger,
    Window,
)
from wechat.sdk.beijing import BEIJING
from wechat.sdk.messages import Click, Event, Image, Message, Scan, Subscribe, Text, Voice

MONDAY_NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=BEIJING)
STRANGER = FollowerFacts()


def text(content: str) -> Text:
    return Text(to="gh_1", openid="oA", create_time=1_772_424_000, content=content)


def event(kind: type[Event], name: str, key: str = "") -> Event:
    return kind(to="gh_1", openid="oA", create_time=1_772_424_000, event=name, event_key=key)


def keyword_rule(number: int, *texts: str, compare: Compare = Compare.CONTAINS, **more: object) -> RuleSpec:
    keywords = tuple(KeywordSpec(compare, each) for each in texts)
    return RuleSpec(id=number, position=number, trigger=Trigger.KEYWORD, keywords=keywords, **more)  # type: ignore[arg-type]  # fields by name


def answering(
    rules: list[RuleSpec],
    message: Message,
    moment: datetime.datetime = MONDAY_NOON,
    facts: FollowerFacts = STRANGER,
) -> int | None:
    match = compile_rules(rules).match(message, moment, facts)
    return match.rule.id if match else None


def test_the_rule_with_the_smaller_position_answers() -> None:
    assert answering([keyword_rule(2, "退款"), keyword_rule(1, "款")], text("我要退款")) == 1


def test_a_keyword_is_found_whatever_its_case_and_width() -> None:
    rules = [keyword_rule(1, "VIP会员")]
    assert answering(rules, text("我的ＶｉＰ会员")) == 1


def test_equals_ignores_blanks_around_the_text_and_nothing_inside() -> None:
    rules = [keyword_rule(1, "签到", compare=Compare.EQUALS)]
    assert answering(rules, text("　签到 ")) == 1
    assert answering(rules, text("签到了")) is None


@pytest.mark.parametrize(
    ("keyword", "message"),
    [
        ("签到", "\u202a签\u200b到\u202c"),
        ("签\u200b到", "签到"),
        ("❤", "❤\ufe0f"),
        ("1\ufe0f\u20e3", "1\u20e3"),
        ("\u200f签到", "\ufeff签到"),
    ],
)
@pytest.mark.parametrize("compare", [Compare.EQUALS, Compare.CONTAINS, Compare.STARTS_WITH])
def test_what_nobody_sees_in_a_text_hides_no_keyword(keyword: str, message: str, compare: Compare) -> None:
    assert answering([keyword_rule(1, keyword, compare=compare)], text(message)) == 1


def test_starts_with_looks_at_the_start_only() -> None:
    rules = [keyword_rule(1, "订单", compare=Compare.STARTS_WITH)]
    assert answering(rules, text("订单123")) == 1
    assert answering(rules, text("我的订单")) is None


def test_the_same_word_may_be_wanted_in_several_ways() -> None:
    rules = [
        keyword_rule(1, "订单", compare=Compare.EQUALS),
        keyword_rule(2, "订单", compare=Compare.STARTS_WITH),
        keyword_rule(3, "订单"),
    ]
    assert [answering(rules, text(written)) for written in ("订单", "订单1", "我的订单")] == [1, 2, 3]


def test_a_regular_expression_is_searched_for() -> None:
    rules = [keyword_rule(1, r"^\d{6,}$", r"(?i)order\s+\d+", compare=Compare.REGEX)]
    assert [answering(rules, text(written)) for written in ("20260301", "My Order 7", "12")] == [1, 1, None]


def test_a_broken_regular_expression_takes_only_its_own_rule_away() -> None:
    rules = [keyword_rule(1, "(", compare=Compare.REGEX), keyword_rule(2, "a")]
    compiled = compile_rules(rules)
    assert compiled.broken == {1}
    assert answering(rules, text("a")) == 2


def test_recognised_speech_is_as_good_as_text() -> None:
    voice = Voice(to="gh_1", openid="oA", create_time=1, recognition="我要退款")
    assert answering([keyword_rule(1, "退款")], voice) == 1


def test_a_default_rule_comes_last_whatever_its_position() -> None:
    rules = [RuleSpec(id=1, position=0, trigger=Trigger.DEFAULT), keyword_rule(2, "a")]
    assert answering(rules, text("a")) == 2
    assert answering(rules, text("b")) == 1


def test_a_default_rule_answers_messages_and_no_events() -> None:
    rules = [RuleSpec(id=1, trigger=Trigger.DEFAULT)]
    assert answering(rules, Image(to="gh_1", openid="oA", create_time=1)) == 1
    assert answering(rules, event(Click, "click", "K")) is None


def test_who_follows_by_a_channel_is_answered_by_the_rule_of_that_channel() -> None:
    follow = RuleSpec(id=1, position=0, trigger=Trigger.FOLLOW)
    channel = RuleSpec(id=2, position=9, trigger=Trigger.SCAN, scene="shop-1")
    any_channel = RuleSpec(id=3, position=1, trigger=Trigger.SCAN)
    came = event(Subscribe, "subscribe", "qrscene_shop-1")
    assert answering([follow, channel, any_channel], came) == 2
    assert answering([follow, any_channel], came) == 3
    assert answering([follow], came) == 1
    assert answering([follow, channel, any_channel], event(Subscribe, "subscribe")) == 1


def test_a_follower_who_scans_a_channel_is_answered_by_its_rule() -> None:
    channel = RuleSpec(id=1, trigger=Trigger.SCAN, scene="shop-1")
    assert answering([channel], event(Scan, "scan", "shop-1")) == 1
    assert answering([channel], event(Scan, "scan", "shop-2")) is None


def test_following_for_the_first_time_and_again_are_told_apart() -> None:
    rules = [
        RuleSpec(id=1, trigger=Trigger.FOLLOW_FIRST),
        RuleSpec(id=2, trigger=Trigger.FOLLOW_AGAIN),
    ]
    follows = event(Subscribe, "subscribe")
    assert answering(rules, follows) == 1
    assert answering(rules, follows, facts=FollowerFacts(followed_before=True)) == 2


def test_an_event_rule_may_want_one_key() -> None:
    rules = [
        RuleSpec(id=1, position=1, trigger=Trigger.EVENT, event="click", event_key="HELP"),
        RuleSpec(id=2, position=2, trigger=Trigger.EVENT, event="click"),
    ]
    assert answering(rules, event(Click, "click", "HELP")) == 1
    assert answering(rules, event(Click, "click", "OTHER")) == 2


def test_a_rule_for_a_tag_lets_others_through_to_the_next() -> None:
    rules = [keyword_rule(1, "a", audience=Audience(frozenset({7, 8}))), keyword_rule(2, "a")]
    assert answering(rules, text("a")) == 2
    assert answering(rules, text("a"), facts=FollowerFacts(tags=frozenset({8}))) == 1


def test_a_new_follower_is_new_for_so_many_days() -> None:
    rules = [keyword_rule(1, "a", audience=Audience(new_days=7))]
    followed = MONDAY_NOON - datetime.timedelta(days=7)
    assert answering(rules, text("a"), facts=FollowerFacts(followed_at=followed)) == 1
    earlier = followed - datetime.timedelta(seconds=1)
    assert answering(rules, text("a"), facts=FollowerFacts(followed_at=earlier)) is None
    assert answering(rules, text("a")) is None


def test_the_hours_of_a_night_belong_to_the_day_on_which_it_begins() -> None:
    friday_night = Window(
        weekdays=frozenset({5}), opens=datetime.time(22), closes=datetime.time(6)
    )  # 2026-03-06 is a Friday
    friday = datetime.datetime(2026, 3, 6, tzinfo=BEIJING)
    hours = {hour: friday_night.miss(friday + datetime.timedelta(hours=hour)) for hour in (5, 21, 22, 29, 30)}
    assert hours == {5: Reason.WEEKDAY, 21: Reason.HOURS, 22: None, 29: None, 30: Reason.HOURS}
    assert friday_night.miss(friday + datetime.timedelta(days=1, hours=22)) is Reason.WEEKDAY


def test_hours_are_those_of_shanghai() -> None:
    office = Window(opens=datetime.time(9), closes=datetime.time(18))
    assert office.miss(datetime.datetime(2026, 3, 2, 1, tzinfo=datetime.UTC)) is None
    assert office.miss(datetime.datetime(2026, 3, 2, 10, tzinfo=datetime.UTC)) is Reason.HOURS


def test_a_rule_is_valid_from_its_beginning_until_just_before_its_end() -> None:
    day = datetime.timedelta(days=1)
    window = Window(begins=MONDAY_NOON, ends=MONDAY_NOON + day)
    moments = [MONDAY_NOON - day, MONDAY_NOON, MONDAY_NOON + day]
    assert [window.miss(moment) for moment in moments] == [Reason.NOT_BEGUN, None, Reason.OVER]


def test_facts_are_asked_for_only_if_the_first_candidate_looks_at_them() -> None:
    plain, tagged = keyword_rule(1, "a"), keyword_rule(2, "a", audience=Audience(frozenset({7})))
    first = compile_rules([plain, tagged]).first(text("a"), MONDAY_NOON)
    assert first is not None
    assert not first.needs_facts
    first = compile_rules([tagged]).first(text("a"), MONDAY_NOON)
    assert first is not None
    assert first.needs_facts
    assert compile_rules([tagged]).first(text("b"), MONDAY_NOON) is None


def test_every_rule_is_given_its_reason() -> None:
    rules = [
        keyword_rule(1, "b"),
        keyword_rule(2, "a", enabled=False),
        keyword_rule(3, "a", window=Window(ends=MONDAY_NOON)),
        keyword_rule(4, "a", audience=Audience(frozenset({7}))),
        keyword_rule(5, "a"),
        keyword_rule(6, "a"),
        RuleSpec(id=7, trigger=Trigger.FOLLOW),
        RuleSpec(id=8, trigger=Trigger.DEFAULT),
    ]
    verdicts = compile_rules(rules).explain(text("a"), MONDAY_NOON, STRANGER)
    assert {verdict.rule.id: verdict.reason for verdict in verdicts} == {
        1: Reason.KEYWORD,
        2: Reason.DISABLED,
        3: Reason.OVER,
        4: Reason.TAGS,
        5: Reason.WON,
        6: Reason.SHADOWED,
        7: Reason.OTHER_KIND,
        8: Reason.SHADOWED,
    }
    assert all(verdict.by is rules[4] for verdict in verdicts if verdict.reason is Reason.SHADOWED)


WORDS = st.text("aAb款ß ｂ", min_size=1, max_size=4)
PLAIN = st.sampled_from([Compare.EQUALS, Compare.CONTAINS, Compare.STARTS_WITH])
KEYWORDS = st.builds(KeywordSpec, PLAIN, WORDS.filter(str.strip)) | st.builds(
    KeywordSpec, st.just(Compare.REGEX), st.sampled_from(["a+b", "^款", "(?i)A$", ".", "b{2}"])
)


@given(st.lists(st.lists(KEYWORDS, max_size=3), max_size=8), st.text("aAb款ß ｂ", max_size=8))
def test_searching_all_rules_at_once_finds_what_asking_each_rule_finds(
    keywords: list[list[KeywordSpec]], written: str
) -> None:
    rules = [
        RuleSpec(id=number, position=number, trigger=Trigger.KEYWORD, keywords=tuple(several))
        for number, several in enumerate(keywords)
    ]
    compiled = compile_rules(rules)
    match = compiled.match(text(written), MONDAY_NOON, STRANGER)
    verdicts = compiled.explain(text(written), MONDAY_NOON, STRANGER)
    won = [verdict.rule for verdict in verdicts if verdict.reason is Reason.WON]
    assert won == ([match.rule] if match else [])
    assert match is None or (match.keyword in match.rule.keywords)
