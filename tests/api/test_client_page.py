import re
import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.staff.models import AuditEntry
from tests.cast import Cast, signed_in
from tests.locks import somebody_waits
from tests.signed import business_system
from wechat.api import checkup, clients, scopes
from wechat.api.models import ApiClient

pytestmark = pytest.mark.django_db

LIST = "/admin/api/apiclient/"
ADD = f"{LIST}add/"
SECRET = re.compile(r"data-copy=\"([\w-]{43})\"")


@pytest.fixture(autouse=True)
def _scope(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scopes._labels, "_known", scopes._labels.by_name())
    scopes.register("notes:read", "看笔记")


def filled(*accounts: int, **changes: Any) -> dict[str, Any]:
    fields = {
        "name": "订单系统", "accounts": accounts, "scopes": ["notes:read"], "networks": "", "per_minute": 600,
        "enabled": "on",
    }  # fmt: skip
    return {**fields, **changes}


def made(staff: Cast) -> ApiClient:
    business_system(staff.ours, scopes=["notes:read"])
    return ApiClient.objects.get()


def test_accounts_of_others_are_not_named(staff: Cast) -> None:
    client = made(staff)
    client.accounts.add(staff.theirs)
    for reader in (staff.owner, staff.auditor):
        for page in (LIST, f"{LIST}{client.pk}/change/"):
            html = signed_in(reader).get(page).content.decode()
            assert client.key_id in html
            assert staff.theirs.name not in html
    assert staff.theirs.name in signed_in(staff.superuser).get(LIST).content.decode()


def test_the_secret_of_a_new_client_is_shown_once(staff: Cast) -> None:
    owner = signed_in(staff.owner)
    assert "看笔记" in owner.get(ADD).content.decode()
    answer = owner.post(ADD, filled(staff.ours.pk))
    client = ApiClient.objects.get()
    (secret,) = SECRET.findall(answer.content.decode())
    assert secret == client.secret
    assert "no-store" in answer["Cache-Control"]
    for page in (LIST, f"{LIST}{client.pk}/change/"):
        html = owner.get(page).content.decode()
        assert client.key_id in html
        assert secret not in html


def test_a_new_secret_is_made_after_a_question(staff: Cast) -> None:
    client = made(staff)
    page = reverse("admin:api_apiclient_secret", args=(client.pk,))
    owner = signed_in(staff.owner)
    assert "24" in owner.get(page).content.decode()
    assert list(ApiClient.objects.get().valid_secrets()) == [client.secret]
    (secret,) = SECRET.findall(owner.post(page).content.decode())
    assert list(ApiClient.objects.get().valid_secrets()) == [secret, client.secret]
    assert AuditEntry.objects.filter(object_id=str(client.pk), user=staff.owner).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_new_secrets_made_at_one_moment_both_are_valid(staff: Cast) -> None:
    client = made(staff)

    def renew() -> None:
        try:
            signed_in(staff.owner).post(reverse("admin:api_apiclient_secret", args=(client.pk,)))
        finally:
            connection.close()

    colleague = threading.Thread(target=renew)
    with transaction.atomic():
        mine = ApiClient.objects.select_for_update().get()
        secret = mine.make_secret()
        mine.save(update_fields=["secret", "previous_secrets"])
        colleague.start()
        while colleague.is_alive() and not somebody_waits():
            pass
    colleague.join()
    assert list(ApiClient.objects.get().valid_secrets())[1:] == [secret, client.secret]


def test_a_leaked_secret_is_ended_at_once_after_it_was_replaced(staff: Cast) -> None:
    client = made(staff)
    owner, end = (
        signed_in(staff.owner),
        reverse("admin:api_apiclient_previous_secrets_end", args=(client.pk,)),
    )
    shown = f"{LIST}{client.pk}/change/"
    assert end not in owner.get(shown).content.decode()
    for _again in range(2):
        owner.post(reverse("admin:api_apiclient_secret", args=(client.pk,)))
    assert len(list(ApiClient.objects.get().valid_secrets())) == 3
    assert signed_in(staff.auditor).post(end).status_code == 403
    assert end in owner.get(shown).content.decode()
    owner.post(end)
    after = ApiClient.objects.get()
    assert (list(after.valid_secrets()), after.has_secret("previous_secrets")) == ([after.secret], False)
    assert AuditEntry.objects.filter(object_id=str(client.pk)).count() == 3


def test_a_client_whose_secret_no_key_opens_says_so_and_gets_a_new_one(
    staff: Cast, settings: Settings
) -> None:
    client, owner = made(staff), signed_in(staff.owner)
    settings.FIELD_ENCRYPTION_KEYS = {"other": bytes(32)}
    with pytest.raises(clients.ClientUnusable):
        clients.find(client.key_id)
    (finding,) = checkup.undecryptable_clients(staff.ours)
    assert client.name in str(finding.sentence)
    assert "FIELD_ENCRYPTION_KEYS" in owner.get(f"{LIST}{client.pk}/change/").content.decode()
    page = reverse("admin:api_apiclient_secret", args=(client.pk,))
    (secret,) = SECRET.findall(owner.post(page).content.decode())
    found = clients.find(client.key_id)
    assert found is not None
    assert list(found.client.valid_secrets()) == [secret]


def test_changing_a_client_leaves_its_secret(staff: Cast) -> None:
    client = made(staff)
    answer = signed_in(staff.owner).post(
        f"{LIST}{client.pk}/change/", filled(staff.ours.pk, networks="203.0.113.7，10.0.0.0/8\n192.0.2.0/24")
    )
    assert answer.status_code == 302
    changed = ApiClient.objects.get()
    assert (changed.networks, changed.secret) == (
        ["203.0.113.7/32", "10.0.0.0/8", "192.0.2.0/24"],
        client.secret,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"networks": "everywhere"},
        {"scopes": ["notes:fly"]},
        {"scopes": []},
        {"accounts": []},
        {"per_minute": "0"},
    ],
)
def test_nonsense_is_refused(staff: Cast, changes: dict[str, Any]) -> None:
    answer = signed_in(staff.owner).post(ADD, {**filled(staff.ours.pk), **changes})
    assert answer.status_code == 200
    assert not ApiClient.objects.exists()


def test_nobody_gives_a_client_the_account_of_others(staff: Cast) -> None:
    signed_in(staff.owner).post(ADD, filled(staff.theirs.pk))
    assert not ApiClient.objects.exists()


def test_a_client_of_two_accounts_is_changed_by_who_owns_both(staff: Cast) -> None:
    client = made(staff)
    client.accounts.add(staff.theirs)
    page = f"{LIST}{client.pk}/change/"
    renew = reverse("admin:api_apiclient_secret", args=(client.pk,))
    for member in (staff.owner, staff.outsider):
        browser = signed_in(member)
        assert browser.get(page).status_code == 200
        assert browser.post(page, filled(staff.ours.pk)).status_code == 403
        assert browser.post(renew).status_code == 403
    assert signed_in(staff.superuser).post(renew).status_code == 200


@pytest.mark.parametrize("who", ["editor", "service", "nobody"])
def test_clients_are_not_everybodys_business(staff: Cast, who: str) -> None:
    client = made(staff)
    browser: Client = signed_in(getattr(staff, who))
    assert browser.get(LIST).status_code == 403
    assert browser.get(f"{LIST}{client.pk}/change/").status_code in {302, 403}
    assert browser.post(ADD, filled(staff.ours.pk)).status_code == 403


def test_the_clients_of_others_are_not_listed(staff: Cast) -> None:
    client = made(staff)
    assert client.key_id in signed_in(staff.auditor).get(LIST).content.decode()
    assert client.key_id not in signed_in(staff.outsider).get(LIST).content.decode()
    assert signed_in(staff.outsider).get(f"{LIST}{client.pk}/change/").status_code == 302
