"""Tests of list actions: rights are checked for the rows' account, whatever account is named."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.staff.models import StaffRight
from tests.cast import Cast
from tests.console.table import table
from tests.console.visiting import Visitor
from tests.console.world import World

pytestmark = pytest.mark.django_db

# What an action asks before it does something.
ANSWERS = {"delete_selected": {"post": "yes"}, "move": {"move": "1", "folder": "别处"}}


def _actions(superuser: User) -> list[tuple[type[Model], str]]:
    """Returns every action of every list, as the one who may do all is offered them."""
    request = RequestFactory().get("/admin/")
    request.user = superuser
    request.session = Client().session
    found = []
    for model, page in admin.site._registry.items():
        is_listed = f"{model._meta.app_label}_{model._meta.model_name}_changelist" in table()
        if is_listed:
            found += [(model, name) for name in page.get_actions(request)]
    return found


def _list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def test_nobody_acts_in_a_list_with_a_right_from_elsewhere(staff: Cast, ours: World, theirs: World) -> None:
    """An auditor here, who owns another account, names that one in every place a request has."""
    StaffRight.objects.create(user=staff.auditor, account=theirs.account, role="owner")
    here, there = Visitor(staff.auditor, ours.account), Visitor(staff.auditor, theirs.account)
    name, wrong = {"account": theirs.account.pk}, []
    for model, action in _actions(staff.superuser):
        row = ours.rows.get(model._meta.label_lower)
        if row is None:
            continue
        asked: dict[str, Any] = {"action": action, "_selected_action": row.pk, **ANSWERS.get(action, {})}
        everywhere = f"{_list_of(model)}?account={theirs.account.pk}"
        for visitor, address, data in (
            (here, _list_of(model), asked),
            (here, _list_of(model), {**asked, **name}),
            (here, everywhere, asked),
            (here, everywhere, {**asked, **name}),
            (here, _list_of(model), {**asked, **name, "select_across": "1"}),
            (there, _list_of(model), asked),
            (there, _list_of(model), {**asked, **name}),
            (there, everywhere, {**asked, "account": ours.account.pk}),
        ):
            # Some lists have what they show read again, whoever opens them.
            usual = visitor.visit("GET", _list_of(model), {}).changes
            answer = visitor.visit("POST", address, data)
            changes = [each for each in answer.changes if each not in usual]
            if changes or answer.status >= 500:
                wrong.append(f"{action} of {model.__name__}: {data}: {answer.status} {changes}")
    assert not wrong, "\n".join(wrong)


def test_an_owner_here_does_just_that(staff: Cast, ours: World) -> None:
    """What is refused above is therefore refused for the right, and not for another reason."""
    visitor, done = Visitor(staff.owner, ours.account), set()
    for model, action in _actions(staff.superuser):
        row = ours.rows.get(model._meta.label_lower)
        if row is not None:
            asked = {"action": action, "_selected_action": row.pk, "account": ours.account.pk}
            answer = visitor.visit("POST", _list_of(model), {**asked, **ANSWERS.get(action, {})})
            done |= {action} if answer.changes else set()
    assert done >= {"switch_off", "move", "deliver", "send_again", "handle_again", "delete_selected"}
