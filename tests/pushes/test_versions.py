"""What an automatic message said before is shown by its fields, and brought back."""

from typing import Any

import pytest

from tests.cast import Cast, signed_in
from wechat.pushes.models import EventTemplate, Template

pytestmark = pytest.mark.django_db


def test_the_former_text_of_an_automatic_message_is_told_and_brought_back(staff: Cast) -> None:
    template = Template.objects.create(
        account=staff.ours, kind="template", platform_id="t1", title="付款", content="金额：{{amount1.DATA}}"
    )
    said = EventTemplate.objects.create(
        account=staff.ours, event="payments.paid", template=template, values={"amount1": "{amount}"}
    )
    first = said.history.get()
    said.values = {"amount1": "128 元"}
    said.save()
    client = signed_in(staff.owner)
    page = f"/admin/pushes/eventtemplate/{said.pk}/history/{first.pk}/"
    told: Any = client.get(page)
    assert [(each.field, each.old, each.new) for each in told.context["changes"]] == [
        ("金额", "128 元", "{amount}")
    ]
    assert client.post(page).status_code == 302
    said.refresh_from_db()
    assert said.values == {"amount1": "{amount}"}
