import datetime
from typing import Any

import pytest
from django.db.models import Q
from django.utils import timezone

from accounts.followers import comparisons, segments
from accounts.followers.models import CustomField, FieldValue, Follower, Segment, Tag
from accounts.official.models import OfficialAccount
from tests.cast import Cast, signed_in

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


def person(account: OfficialAccount, name: str, **fields: Any) -> Follower:
    return Follower.objects.create(account=account, openid=name, **fields)


def found(account: OfficialAccount, *rows: tuple[str, str, str], match: str = "all") -> set[str]:
    conditions: list[segments.Condition] = [
        {"field": field, "compare": compare, "value": value} for field, compare, value in rows
    ]
    segment = Segment(account=account, name="x", match=match, conditions=conditions)
    return {follower.openid for follower in segment.rows()}


def test_without_conditions_it_is_everybody_of_the_account(staff: Cast) -> None:
    person(staff.ours, "a")
    person(staff.theirs, "b")
    assert found(staff.ours) == {"a"}


def test_tags_are_had_or_not(account: OfficialAccount) -> None:
    tag = Tag.objects.create(account=account, name="VIP")
    person(account, "with").tags.add(tag, Tag.objects.create(account=account, name="B"))
    person(account, "without")
    assert found(account, ("tag", "has", str(tag.pk))) == {"with"}
    assert found(account, ("tag", "not", str(tag.pk))) == {"without"}


@pytest.mark.parametrize(
    ("compare", "value", "expected"),
    [
        ("within", "7", {"new"}),
        ("longer", "7", {"old"}),
        ("never", "", {"unknown"}),
        ("from", "2020-01-01", {"new", "old"}),
        ("before", "2020-01-01", set()),
    ],
)
@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("followed", "subscribed_at"),
        ("left", "unsubscribed_at"),
        ("seen", "last_seen_at"),
        ("first_followed", "first_subscribed_at"),
    ],
)
def test_moments_are_compared_by_days_and_dates(
    account: OfficialAccount, field: str, column: str, compare: str, value: str, expected: set[str]
) -> None:
    person(account, "new", **{column: timezone.now() - DAY})
    person(account, "old", **{column: timezone.now() - 30 * DAY})
    person(account, "unknown")
    assert found(account, (field, compare, value)) == expected


def test_the_channel_is_a_text_or_a_number(account: OfficialAccount) -> None:
    person(account, "text", qr_scene_str="store-0042")
    person(account, "number", qr_scene=42)
    person(account, "none")
    assert found(account, ("channel", "starts", "store")) == {"text"}
    assert found(account, ("channel", "is", "42")) == {"number"}
    assert found(account, ("channel", "filled", "")) == {"text"}


@pytest.mark.parametrize(
    ("field", "value", "compare"),
    [
        ("subscribed", {"subscribed": True}, "yes"),
        ("subscribed", {"subscribed": False}, "no"),
        ("blacklisted", {"blacklisted": True}, "yes"),
        ("unionid", {"unionid": "oUnion"}, "yes"),
    ],
)
def test_yes_and_no(account: OfficialAccount, field: str, value: dict[str, Any], compare: str) -> None:
    person(account, "this", **{"subscribed": True, **value})
    person(account, "other", subscribed=not value.get("subscribed", True))
    assert found(account, (field, compare, "")) >= {"this"}
    opposite = "no" if compare == "yes" else "yes"
    assert "this" not in found(account, (field, opposite, ""))


def value(field: CustomField, follower: Follower, **given: Any) -> None:
    FieldValue.objects.create(field=field, follower=follower, **given)


def test_custom_fields_are_conditions_of_their_account(staff: Cast) -> None:
    kind = CustomField.Kind
    a, b = person(staff.ours, "a"), person(staff.ours, "b")
    size = CustomField.objects.create(account=staff.ours, name="鞋码", kind=kind.NUMBER)
    born = CustomField.objects.create(account=staff.ours, name="生日", kind=kind.DATE)
    city = CustomField.objects.create(account=staff.ours, name="城市", kind=kind.CHOICE, choices="广州\n深圳")
    member = CustomField.objects.create(account=staff.ours, name="会员", kind=kind.YES_NO)
    note = CustomField.objects.create(account=staff.ours, name="备忘", kind=kind.TEXT)
    value(size, a, number=42)
    value(size, b, number=38)
    value(born, a, date=datetime.date(1990, 5, 1))
    value(city, a, text="广州")
    value(member, a, number=1)
    value(member, b, number=0)
    value(note, b, text="喜欢喝茶")
    assert found(staff.ours, (f"custom.{size.pk}", "least", "40")) == {"a"}
    assert found(staff.ours, (f"custom.{size.pk}", "most", "38")) == {"b"}
    assert found(staff.ours, (f"custom.{born.pk}", "before", "2000-01-01")) == {"a"}
    assert found(staff.ours, (f"custom.{born.pk}", "within", "3650")) == set()
    assert found(staff.ours, (f"custom.{city.pk}", "is", "广州")) == {"a"}
    assert found(staff.ours, (f"custom.{city.pk}", "not", "广州")) == {"b"}
    assert found(staff.ours, (f"custom.{member.pk}", "no", "")) == {"b"}
    assert found(staff.ours, (f"custom.{note.pk}", "contains", "茶")) == {"b"}
    assert f"custom.{size.pk}" not in segments.kinds(staff.theirs)


def test_all_or_any_of_the_conditions(account: OfficialAccount) -> None:
    person(account, "both", remark="王", blacklisted=True)
    person(account, "one", remark="王")
    rows = ("remark", "is", "王"), ("blacklisted", "yes", "")
    assert found(account, *rows) == {"both"}
    assert found(account, *rows, match="any") == {"both", "one"}


@pytest.mark.parametrize(
    "row",
    [
        ("tag", "has", "999"),
        ("custom.999", "is", "x"),
        ("nothing", "is", "x"),
        ("followed", "sideways", "1"),
        ("followed", "within", "a while"),
    ],
)
def test_a_condition_that_means_nothing_any_more_is_told(
    account: OfficialAccount, row: tuple[str, str, str]
) -> None:
    with pytest.raises(segments.UnknownCondition):
        found(account, row)


def test_apps_above_add_conditions_of_their_own(
    account: OfficialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments._kinds, "_known", segments._kinds.by_name())

    @segments.condition("id", "number", comparisons.NUMBERS, comparisons.number)
    def by_id(account: OfficialAccount, compare: str, value: Any) -> Q:
        return comparisons.by_number("pk", compare, value)

    first, second = person(account, "first"), person(account, "second")
    assert found(account, ("id", "least", str(second.pk))) == {"second"}
    assert found(account, ("id", "is", str(first.pk))) == {"first"}


def test_an_earlier_version_of_a_segment_is_told_in_words_and_brought_back_whole(staff: Cast) -> None:
    vip = Tag.objects.create(account=staff.ours, name="会员")
    asked: list[Any] = [{"field": "tag", "compare": "has", "value": str(vip.pk)}]
    segment = Segment.objects.create(account=staff.ours, name="从前", match="all", conditions=asked)
    first = segment.history.get()
    segment.name, segment.match, segment.conditions = "现在", "any", []
    segment.save()
    owner = signed_in(staff.owner)
    page = f"/admin/followers/segment/{segment.pk}/history/{first.pk}/"
    shown: Any = owner.get(page)
    changes = {each.field: (each.old, each.new) for each in shown.context["changes"]}
    assert changes["名称"] == ("现在", "从前")
    assert any("会员" in new for _old, new in changes.values())
    assert not any("{" in f"{old}{new}" for old, new in changes.values())
    assert owner.post(page).status_code == 302
    segment.refresh_from_db()
    assert (segment.name, segment.match, segment.conditions) == ("从前", "all", asked)
