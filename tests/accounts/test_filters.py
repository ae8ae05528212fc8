"""Filters of lists: remembered from one visit to the next, and kept by a name."""

import pytest
from django.test import Client

from accounts.staff.models import SavedFilter
from accounts.staff.rights import SESSION_KEY
from tests.cast import Cast, signed_in

pytestmark = pytest.mark.django_db

LOG = "/admin/inbox/inboundmessage/"
ASKED = "q=&kind=text&answer=&state=&since=&until="
SAVE, DELETE = "/admin/filters/save/", "/admin/filters/delete/"


def kept(staff: Cast, **more: str) -> dict[str, str]:
    filled = {"account": str(staff.ours.pk), "listed": "inbox.inboundmessage", "name": "只看文字"}
    return {**filled, "query": "kind=text", "next": f"{LOG}?kind=text", **more}


def test_a_list_opens_as_it_was_filtered_last(staff: Cast) -> None:
    client = signed_in(staff.owner)
    assert client.get(f"{LOG}?{ASKED}").status_code == 200
    assert client.get(LOG)["Location"] == f"{LOG}?kind=text"
    assert client.get(f"{LOG}?all=1")["Location"] == LOG
    assert client.get(LOG).status_code == 200


def test_what_a_link_asked_for_is_not_remembered(staff: Cast) -> None:
    client = signed_in(staff.owner)
    client.get(f"{LOG}?state=failed")
    assert client.get(LOG).status_code == 200


def test_another_account_has_filters_of_its_own(staff: Cast) -> None:
    client = signed_in(staff.superuser)
    _show(client, staff.ours.pk)
    client.get(f"{LOG}?{ASKED}")
    _show(client, staff.theirs.pk)
    assert client.get(LOG).status_code == 200


def test_a_filter_is_kept_by_its_name_for_its_owner_alone(staff: Cast) -> None:
    client = signed_in(staff.owner)
    assert client.post(SAVE, kept(staff))["Location"] == f"{LOG}?kind=text"
    assert 'href="?kind=text"' in client.get(f"{LOG}?kind=text").content.decode()
    assert "只看文字" not in signed_in(staff.editor).get(f"{LOG}?kind=text").content.decode()
    found = SavedFilter.objects.get()
    signed_in(staff.editor).post(DELETE, {"account": staff.ours.pk, "filter": found.pk})
    assert SavedFilter.objects.exists()
    client.post(DELETE, {"account": staff.ours.pk, "filter": found.pk})
    assert not SavedFilter.objects.exists()


def test_the_same_name_again_takes_the_place_of_the_former_filter(staff: Cast) -> None:
    client = signed_in(staff.owner)
    client.post(SAVE, kept(staff))
    client.post(SAVE, kept(staff, query="kind=image"))
    assert SavedFilter.objects.get().query == "kind=image"


def test_without_a_name_nothing_is_kept(staff: Cast) -> None:
    page = signed_in(staff.owner).post(SAVE, kept(staff, name=" "), follow=True)
    assert "请给这个筛选起个名字。" in page.content.decode()
    assert not SavedFilter.objects.exists()


def test_nothing_is_kept_for_an_account_of_others(staff: Cast) -> None:
    assert signed_in(staff.owner).post(SAVE, kept(staff, account=str(staff.theirs.pk))).status_code == 403
    assert not SavedFilter.objects.exists()


def _show(client: Client, account_id: int) -> None:
    session = client.session
    session[SESSION_KEY] = account_id
    session.save()
