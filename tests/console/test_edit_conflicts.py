"""Two people who edit the same thing: nobody overwrites what the page did not show, without being told."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import models, transaction
from django.http import QueryDict
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.followers.models import Follower, Segment
from accounts.official.models import OfficialAccount
from payments.merchants.models import Merchant
from tests.cast import Cast, signed_in
from tests.console.table import table
from tests.console.visiting import Visitor, address_of
from tests.console.world import World
from tests.forms import posted
from wechat.campaigns.models import SequenceStep
from wechat.console.edit_conflicts import EditForm, EditFormSet
from wechat.replies.models import Keyword, Rule

pytestmark = pytest.mark.django_db

HAS_FORM = re.compile(rb'name="(shown|_save)"')
CHANGED = "此页打开期间有人改动了"
ADMINS = {model._meta.label_lower: each for model, each in admin.site._registry.items()}
# Of the menus, one with an audience has a form.
IN_THE_WORLD = {"menus.menu": "menus.conditional"}
# Saved field by field: what was not changed overwrites nothing.
MERGED = {"followers.follower"}
# Their forms have only rows of another model, or choices.
WITHOUT_FREE_FIELDS = {"articles.draft", "followers.autotag", "shop.sale"}


def test_forms_of_the_admin_overwrite_a_newer_value_only_when_they_are_saved_again(
    staff: Cast, ours: World
) -> None:
    browser = signed_in(staff.superuser)
    checked, wrong = set(), []
    for label in ADMINS:
        row: Any = staff.editor if label == "auth.user" else ours.rows.get(IN_THE_WORLD.get(label, label))
        page = _page(browser, row) if row is not None and label not in MERGED else None
        if page is None or not HAS_FORM.search(page.content):
            continue
        with transaction.atomic():
            field = _field(row, posted(page))
            if field is not None:
                checked.add(label)
                wrong += [f"{label}: {fault}" for fault in _faults(browser, page, row, field)]
            elif label not in WITHOUT_FREE_FIELDS:
                wrong.append(f"{label}: no field that another could change")
            transaction.set_rollback(True)
    assert not wrong, "\n".join(wrong)
    assert len(checked) > 15


def _faults(browser: Client, page: Any, row: Any, field: models.Field[Any, Any]) -> list[str]:
    path, before = page.request["PATH_INFO"], getattr(row, field.name)
    now = not before if isinstance(before, bool) else f"{before}2"
    type(row)._default_manager.filter(pk=row.pk).update(**{field.name: now})
    refused = browser.post(path, posted(page, save="1"))
    if refused.status_code != 200 or CHANGED not in refused.content.decode():
        return [f"not refused: {refused.status_code}"]
    row.refresh_from_db()
    again = browser.post(path, posted(refused, save="1"))
    return [
        *(["overwrote"] if getattr(row, field.name) != now else []),
        *(["refused twice"] if again.status_code == 200 and CHANGED in again.content.decode() else []),
    ]


def _page(browser: Client, row: models.Model) -> Any:
    name = f"{row._meta.app_label}_{row._meta.model_name}"
    page = {"campaigns_sequence": "campaigns_sequence_settings", "menus_menu": "menus_audience"}.get(name)
    try:
        return browser.get(reverse(f"admin:{page or f'{name}_change'}", args=[row.pk]), follow=True)
    except NoReverseMatch:
        return None


def _field(row: models.Model, data: Any) -> models.Field[Any, Any] | None:
    """Returns a field of the form with free text or a tick, which can have any other value."""
    kinds = (models.CharField, models.TextField, models.BooleanField)
    fields = [each for each in row._meta.fields if each.name in data and not each.choices]
    return next((each for kind in kinds for each in fields if isinstance(each, kind)), None)


@pytest.mark.parametrize(
    ("page", "of", "field", "theirs", "mine"),
    [
        ("campaigns_edit", lambda world: [world["campaigns.campaign"].pk], "name", "乙的", "甲的"),
        ("campaigns_variant", lambda world: [world["campaigns.campaign"].pk, "A"], "text", "乙的", "甲的"),
        ("campaigns_variant", lambda world: [world["campaigns.campaign"].pk, "D"], "text", "乙的", "甲的"),
        ("followers_follower_change", lambda world: [world["followers.follower"].pk], "remark", "乙", "甲"),
        ("pushes_rates", lambda world: [], "service", "5", "6"),
        ("approvals_policy", lambda world: [], "refund-finance", "5", "6"),
        ("desk_hours", lambda world: [], "closes_at", "18:00", "17:00"),
        ("staff_second_factor_rules", lambda world: [], "roles", ["owner"], ["editor"]),
        ("staff_personal_data", lambda world: [], "editor", ["export"], []),
        ("staff_colleague", lambda world: [world["auth.user"].pk], "account-{}", ["service"], ["finance"]),
        (
            "operations_setup_step",
            lambda world: [world.account.pk, "keys"],
            "original_id",
            "gh_000000000001",
            "gh_000000000002",
        ),
    ],
)
def test_other_pages_overwrite_a_newer_value_only_when_they_are_saved_again(
    page: str,
    of: Callable[[World], list[Any]],
    field: str,
    theirs: str | list[str],
    mine: str | list[str],
    staff: Cast,
    ours: World,
) -> None:
    space = "" if page == "operations_setup_step" else "admin:"
    path, field = reverse(f"{space}{page}", args=of(ours)), field.format(ours.account.pk)
    me, colleague = Visitor(staff.superuser, ours.account).client, Visitor(staff.owner, ours.account).client
    always = {"opens_at": "09:00"} if page == "desk_hours" else {}
    older = posted(me.get(path), **always, **{field: mine})
    if page != "operations_setup_step":
        assert (
            colleague.post(path, posted(colleague.get(path), **always, **{field: theirs})).status_code == 302
        )
    else:
        OfficialAccount.objects.update(original_id=theirs)

    refused = me.post(path, older)
    assert refused.status_code == 200
    assert CHANGED in refused.content.decode()
    shown = posted(refused)
    assert shown.getlist(field) == (mine if isinstance(mine, list) else [mine])
    assert posted(me.get(path)).getlist(field) == (theirs if isinstance(theirs, list) else [theirs])
    again = me.post(path, shown)
    assert CHANGED not in again.content.decode()


def test_every_page_posts_what_it_showed(staff: Cast, ours: World) -> None:
    """Without that a form is saved as it is, as is right for one that a program posts, and for no page."""
    browser, found, silent = Visitor(staff.superuser, ours.account).client, set(), set()
    for name, page in table().items():
        if name in {"logout", "switch_account"}:
            continue
        with transaction.atomic():
            answer = browser.get(address_of(name, page, ours))
            text = (b"".join(answer) if answer.streaming else answer.content).decode(errors="replace")
            transaction.set_rollback(True)
        for form in _forms_of_rows(answer):
            found.add(name)
            hidden = f"{form.prefix}-shown" if form.prefix else "shown"
            if f'name="{hidden}"' not in text:
                silent.add(f"{name}: {type(form).__name__}")
    assert not silent
    assert len(found) > 20


def _forms_of_rows(answer: Any) -> Iterator[Any]:
    """Yields the forms and formsets of a page that change what there is; not the forms of a formset."""
    if answer.context is None or answer.context.get("has_change_permission") is False:
        return
    # One context, or one for each template; a context is several mappings.
    contexts = answer.context if isinstance(answer.context, list) else [answer.context]
    for value in (value for context in contexts for part in context for value in part.values()):
        for each in value if isinstance(value, list | tuple) else [value]:
            for form in (each, getattr(each, "form", None), getattr(each, "formset", None)):
                row = getattr(form, "instance", None)
                fields = getattr(form, "fields", None) or getattr(form, "initial_forms", None)
                if not isinstance(form, EditForm | EditFormSet) or not fields:
                    continue
                if (row is None or row.pk is not None) and not re.search("-[0-9]+$", form.prefix or ""):
                    yield form


@pytest.fixture
def me(staff: Cast, ours: World) -> Client:
    return Visitor(staff.superuser, ours.account).client


@pytest.fixture
def rule(ours: World) -> str:
    """Returns the address of a rule with a keyword and a reply."""
    return reverse("admin:replies_rule_change", args=[ours["replies.rule"].pk])


def test_a_row_of_a_form_is_not_overwritten_either(me: Client, rule: str) -> None:
    older = posted(me.get(rule), **{"keywords-0-text": "甲"})
    me.post(rule, posted(me.get(rule), **{"keywords-0-text": "乙"}))
    refused = me.post(rule, older)
    assert "有人改动了：乙：“关键词”（现为：乙）" in refused.content.decode()
    assert Keyword.objects.get().text == "乙"
    assert me.post(rule, posted(refused)).status_code == 302
    assert Keyword.objects.get().text == "甲"


def test_a_row_that_was_changed_meanwhile_is_not_deleted_unseen(me: Client, rule: str) -> None:
    older = posted(me.get(rule), **{"keywords-0-DELETE": "on", "enabled": []})
    me.post(rule, posted(me.get(rule), **{"keywords-0-text": "乙"}))
    refused = me.post(rule, older)
    assert "“关键词”（现为：乙）" in refused.content.decode()
    assert Keyword.objects.exists()
    assert me.post(rule, posted(refused)).status_code == 302
    assert not Keyword.objects.exists()


def test_a_row_that_was_deleted_meanwhile_is_said_to_be_and_what_was_added_stays(
    me: Client, rule: str
) -> None:
    page = me.get(rule)
    Keyword.objects.create(rule=Rule.objects.get(), text="新")
    Keyword.objects.exclude(text="新").delete()
    refused = me.post(rule, posted(page, **{"keywords-0-text": "甲", "enabled": []}))
    assert "本页有一行刚被他人删除" in refused.content.decode()
    assert me.post(rule, posted(refused, **{"keywords-0-DELETE": "on"})).status_code == 302
    assert [each.text for each in Keyword.objects.all()] == ["新"]


def test_two_people_who_make_the_same_change_are_not_held_up(me: Client, rule: str) -> None:
    older = posted(me.get(rule), name="同名")
    me.post(rule, posted(me.get(rule), name="同名"))
    assert me.post(rule, older).status_code == 302


def test_a_form_without_what_its_page_showed_is_saved(me: Client, rule: str) -> None:
    data = posted(me.get(rule), name="程序改的")
    Rule.objects.update(name="别的名字")
    for name in ("shown", "keywords-shown", "replies-shown"):
        del data[name]
    assert me.post(rule, data).status_code == 302
    assert Rule.objects.get().name == "程序改的"


@pytest.mark.parametrize(
    "shown", ["", "null", "[]", "{}", '{"at":1e99,"of":{}}', '{"at":0,"of":3}', "[" * 9999]
)
def test_nonsense_in_place_of_what_the_page_showed_does_no_harm(me: Client, rule: str, shown: str) -> None:
    assert me.post(rule, posted(me.get(rule), name="新名", shown=shown)).status_code == 302


def test_the_order_of_a_list_is_not_overwritten(me: Client, ours: World) -> None:
    first = ours["replies.rule"]
    second = Rule.objects.create(account=ours.account, name="第二条", position=1)
    path = reverse("admin:replies_rule_changelist")

    def order(page: Any, *positions: str) -> QueryDict:
        data = posted(page, has="form-shown", _save="1")
        for number, position in enumerate(positions):
            data[f"form-{number}-position"] = position
        return data

    older = order(me.get(path), "5", "6")
    assert me.post(path, order(me.get(path), "8", "7")).status_code == 302
    refused = me.post(path, older)
    assert CHANGED in refused.content.decode()
    assert list(Rule.objects.order_by("position")) == [second, first]
    assert me.post(path, posted(refused, has="form-shown", _save="1")).status_code == 302
    assert list(Rule.objects.order_by("position")) == [first, second]


def test_a_secret_is_not_overwritten_unseen_and_what_the_page_shows_does_not_give_it_away(
    me: Client, ours: World
) -> None:
    merchant = ours["merchants.merchant"]
    path = reverse("admin:merchants_merchant_change", args=[merchant.pk])
    older = posted(me.get(path), new_api_v3_key="a" * 32)
    merchant.api_v3_key = "b" * 32
    merchant.save()
    refused = me.post(path, older)
    assert "有人改动了：“APIv3 密钥”。" in refused.content.decode()
    assert "b" * 32 not in refused.content.decode()
    stored = Merchant.objects.get()
    assert stored.api_v3_key == "b" * 32
    shown = json.loads(str(posted(refused)["shown"]))["of"]["new_api_v3_key"]
    for text in ("b" * 32, json.dumps(["", "b" * 32]), json.dumps([None, "b" * 32])):
        assert not hashlib.sha256(text.encode()).hexdigest().startswith(shown)


def test_the_conditions_of_a_segment_are_not_overwritten(me: Client, ours: World) -> None:
    segment = ours["followers.segment"]
    path = reverse("admin:followers_segment_change", args=[segment.pk])
    tag = {"c0-field": "tag", "c0-compare": "has", "c0-value": str(ours["followers.tag"].pk)}
    older = posted(me.get(path), save="1", **tag)
    Segment.objects.update(conditions=[{"field": "subscribed", "compare": "yes", "value": ""}])
    refused = me.post(path, older)
    assert "“条件”" in refused.content.decode()
    assert Segment.objects.get().conditions[0]["field"] == "subscribed"
    assert me.post(path, posted(refused, save="1")).status_code == 302
    assert Segment.objects.get().conditions[0]["field"] == "tag"


def test_the_conditions_of_a_branch_are_not_overwritten(me: Client, ours: World) -> None:
    sequence, tag = ours["campaigns.sequence"], str(ours["followers.tag"].pk)
    branch = SequenceStep.objects.create(
        sequence=sequence, type=SequenceStep.Type.BRANCH, position=9, content={},
        conditions=[{"field": "tag", "compare": "has", "value": tag}],
    )  # fmt: skip
    path = f"{reverse('admin:campaigns_sequence_change', args=[sequence.pk])}?step={branch.pk}"
    older = posted(me.get(path), save="1", **{"c0-compare": "has_not"})
    SequenceStep.objects.filter(pk=branch.pk).update(
        conditions=[{"field": "subscribed", "compare": "yes", "value": ""}]
    )
    refused = me.post(path, older)
    assert CHANGED in refused.content.decode()
    branch.refresh_from_db()
    assert branch.conditions[0]["field"] == "subscribed"
    assert me.post(path, posted(refused, save="1")).status_code == 302


def test_the_desk_overwrites_no_remark_that_it_did_not_show(me: Client, ours: World) -> None:
    thread, follower = ours["desk.thread"], ours["followers.follower"]
    page = me.get(reverse("admin:desk"), {"box": "all", "who": thread.openid})
    older = posted(page, do="profile", remark="甲")
    Follower.objects.update(remark="乙")
    path = reverse("admin:desk_act", args=[thread.pk])
    refused = me.post(path, older, headers={"X-Requested-With": "fetch"})
    assert refused.status_code == 422
    assert "“备注”（现为：乙）" in refused.json()["error"]
    older["shown"] = refused.json()["shown"]
    assert me.post(path, older, headers={"X-Requested-With": "fetch"}).status_code == 200
    follower.refresh_from_db()
    assert follower.remark == "甲"
