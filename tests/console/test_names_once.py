"""A name that another row of the account has is told of, when a row is made and when it is changed."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.followers.models import CustomField, Tag
from accounts.official.models import OfficialAccount
from tests.cast import Cast, signed_in
from wechat.campaigns.models import Sequence
from wechat.desk.models import CannedAnswer

pytestmark = pytest.mark.django_db


def a_tag(account: OfficialAccount, name: str) -> Any:
    return Tag.objects.create(account=account, name=name), {"name": name}


def a_field(account: OfficialAccount, name: str) -> Any:
    row = CustomField.objects.create(account=account, name=name, kind="text")
    return row, {"name": name, "choices": "", "position": "0"}


def a_sequence(account: OfficialAccount, name: str) -> Any:
    row = Sequence.objects.create(account=account, name=name)
    return row, {"name": name, "trigger": "follow", "reentry": "once", "priority": "10", "date_days": "0"}


def an_answer(account: OfficialAccount, name: str) -> Any:
    row = CannedAnswer.objects.create(
        account=account, shortcut=name, content={"type": "text", "content": "好"}
    )
    return row, {"shortcut": name, "kind": "text", "text": "好"}


@pytest.mark.parametrize("make", [a_tag, a_field, a_sequence, an_answer])
def test_a_row_does_not_get_the_name_of_another_one(staff: Cast, make: Any) -> None:
    make(staff.ours, "jia")
    row, _form = make(staff.ours, "yi")
    form = {each: "jia" if value == "yi" else value for each, value in _form.items()}
    opts = row._meta
    settings = opts.model_name == "sequence"
    address = (
        reverse("admin:campaigns_sequence_settings", args=[row.pk])
        if settings
        else reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])
    )
    answer = signed_in(staff.superuser).post(address, {**form, "account": staff.ours.pk})
    assert answer.status_code == 200
    assert answer.context["errors"]
    before = str(row)
    row.refresh_from_db()
    assert str(row) == before
