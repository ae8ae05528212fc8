"""Tests of the claimed number of parts of a form, which can be a billion in a small request."""

from typing import Any

import pytest
from django.contrib import admin

from tests.cast import Cast, signed_in
from tests.console.world import World

pytestmark = pytest.mark.django_db

CLAIMED = str(2**63)


def test_no_form_is_made_of_more_parts_than_a_thing_may_have() -> None:
    inlines = {inline for pages in admin.site._registry.values() for inline in pages.inlines}
    without = {inline.__name__ for inline in inlines if not 0 < (inline.max_num or 0) <= 500}
    assert without == {"StaffRightInline"}


def test_who_claims_a_billion_parts_is_told_how_many_there_may_be(staff: Cast, ours: World) -> None:
    page = signed_in(staff.owner).post(
        f"/admin/replies/rule/{ours['replies.rule'].pk}/change/",
        {"account": ours.account.pk, "replies-TOTAL_FORMS": CLAIMED, "replies-INITIAL_FORMS": "0"},
    )
    formset = next(
        each.formset for each in page.context["inline_admin_formsets"] if each.formset.prefix == "replies"
    )
    assert len(formset.forms) == 50
    assert "50" in str(formset.non_form_errors())


def test_a_list_is_changed_by_no_more_rows_than_it_shows(staff: Cast, ours: World) -> None:
    sent: dict[str, Any] = {"_save": "1", "form-TOTAL_FORMS": CLAIMED, "form-INITIAL_FORMS": CLAIMED}
    page = signed_in(staff.owner).post("/admin/replies/rule/", sent)
    assert len(page.context["cl"].formset.forms) < 100
