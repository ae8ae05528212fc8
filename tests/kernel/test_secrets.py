import os

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from wechat.kernel.secrets import Ciphertext, SecretField, Undecryptable, seal, unseal


def stored(account: OfficialAccount, column: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM official_officialaccount WHERE id = %s", [account.pk])
        return bytes(cursor.fetchone()[0])


def move(account: OfficialAccount, column: str, ciphertext: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE official_officialaccount SET {column} = %s WHERE id = %s", [ciphertext, account.pk]
        )


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.text(max_size=20))
def test_a_secret_opens_where_it_was_sealed_and_nowhere_else(text: str, elsewhere: str) -> None:
    sealed = seal(text, "table.column:1")
    assert unseal(sealed, "table.column:1") == text
    with pytest.raises(Undecryptable):
        unseal(sealed, "table.column:1" + elsewhere + "!")


def test_the_database_holds_no_secret_in_the_clear(account: OfficialAccount) -> None:
    assert account.appsecret.encode() not in stored(account, "appsecret")
    assert OfficialAccount.objects.get().appsecret == account.appsecret


def test_listing_rows_decrypts_nothing(account: OfficialAccount) -> None:
    (listed,) = OfficialAccount.objects.all()
    assert isinstance(listed.__dict__["appsecret"], Ciphertext)


def test_a_ciphertext_in_another_column_does_not_open(account: OfficialAccount) -> None:
    move(account, "token", stored(account, "appsecret"))
    with pytest.raises(Undecryptable):
        _ = OfficialAccount.objects.get().token


def test_a_tampered_ciphertext_does_not_open(account: OfficialAccount) -> None:
    ciphertext = stored(account, "token")
    move(account, "token", ciphertext[:-1] + bytes([ciphertext[-1] ^ 1]))
    with pytest.raises(Undecryptable):
        _ = OfficialAccount.objects.get().token


def test_keys_are_rotated_and_the_old_one_can_go(account: OfficialAccount, settings: Settings) -> None:
    before = account.appsecret
    fresh = {"fresh": os.urandom(32)}
    settings.FIELD_ENCRYPTION_KEYS = {**fresh, **settings.FIELD_ENCRYPTION_KEYS}
    call_command("rotate_field_keys", verbosity=0)
    settings.FIELD_ENCRYPTION_KEYS = fresh
    assert OfficialAccount.objects.get().appsecret == before
    assert stored(account, "token").startswith(b"fresh.")


def test_what_no_key_opens_stays_and_is_named_and_the_rest_is_rotated(
    account: OfficialAccount, settings: Settings
) -> None:
    """As where the new pair was put in the old one's place, and something was entered since."""
    lost, before = stored(account, "token"), account.appsecret
    settings.FIELD_ENCRYPTION_KEYS = {"second": os.urandom(32)}
    OfficialAccount.objects.filter(pk=account.pk).update(appsecret=seal(before, _binding(account)))
    settings.FIELD_ENCRYPTION_KEYS = {"third": os.urandom(32), **settings.FIELD_ENCRYPTION_KEYS}
    with pytest.raises(CommandError, match=r"(?s)OfficialAccount .*, token: no key .*Put the key back"):
        call_command("rotate_field_keys", verbosity=0)
    assert stored(account, "token") == lost
    assert stored(account, "appsecret").startswith(b"third.")
    assert OfficialAccount.objects.get().appsecret == before


def _binding(account: OfficialAccount) -> str:
    field = OfficialAccount._meta.get_field("appsecret")
    assert isinstance(field, SecretField)
    return field.binding(account)


def test_without_its_key_a_secret_is_named_undecryptable(
    account: OfficialAccount, settings: Settings
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = {"other": os.urandom(32)}
    with pytest.raises(Undecryptable, match="FIELD_ENCRYPTION_KEYS"):
        _ = OfficialAccount.objects.get().token
