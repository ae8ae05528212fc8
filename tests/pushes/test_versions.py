"""Tests of earlier versions of an automatic message: shown by field, and restored."""

from typing import Any

import pytest

from tests.cast import Cast, signed_in
from wechat.pushes.models import EventTemplate, Template

pytestmark = pytest.mark.django_db


def test_the_former_text_of_an_automatic_message_is_told_and_brought_back(staff: Cast) -> None:
    template = Template.objects.create(
        account=staff.ours, kind="template", platform_id="t1", title="付款", content="金额：{{amount1.DATA}}"
    )
    event_template = EventTemplate.objects.create(
        account=staff.ours,
        event="payments.paid",
        template=template,
        values={"amount1": "{amount}"},
    )
    first = event_template.history.get()
    event_template.values = {"amount1": "128 元"}
    event_template.save()
    client = signed_in(staff.owner)
    page = f"/admin/pushes/eventtemplate/{event_template.pk}/history/{first.pk}/"
    page_shown: Any = client.get(page)
    assert [(each.field, each.old, each.new) for each in page_shown.context["changes"]] == [
        ("金额", "128 元", "{amount}")
    ]
    assert client.post(page).status_code == 302
    event_template.refresh_from_db()
    assert event_template.values == {"amount1": "{amount}"}
