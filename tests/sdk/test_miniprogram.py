import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.data import DATA, label
from wechat.sdk.calls.miniprogram import AHEAD, OLDEST, open_data, raw_data_matches
from wechat.sdk.errors import EnvelopeError

VECTORS = json.loads((DATA / "vectors" / "miniprogram_crypto.json").read_text("utf-8"))
APPID, KEY = VECTORS["appid"], VECTORS["session_key"]
SOUND = [each for each in VECTORS["encrypted"] if "plaintext" in each]
PHONE = SOUND[1]
NOW = 1_769_904_560


def opened(vector: dict[str, Any], **changes: Any) -> dict[str, Any]:
    known = {"session_key": KEY, "encrypted": vector["encryptedData"], "iv": vector["iv"]}
    return open_data(**{**known, "appid": APPID, "now": NOW, **changes})


@pytest.mark.parametrize("vector", SOUND, ids=label)
def test_encrypted_data_opens_as_the_platform_sealed_it(vector: dict[str, Any]) -> None:
    assert opened(vector) == json.loads(vector["plaintext"])


def test_the_data_of_another_mini_program_is_refused() -> None:
    (other,) = [each for each in VECTORS["encrypted"] if "expect" in each]
    with pytest.raises(EnvelopeError) as refusal:
        opened(other)
    assert refusal.value.reason == "appid"


@pytest.mark.parametrize("late", [OLDEST + 1, -AHEAD - 1])
def test_old_data_is_refused(late: int) -> None:
    assert opened(PHONE, now=NOW + (OLDEST if late > 0 else -AHEAD))
    with pytest.raises(EnvelopeError) as refusal:
        opened(PHONE, now=NOW + late)
    assert refusal.value.reason == "stale"


@pytest.mark.parametrize(
    "changes",
    [
        {"session_key": "AAAAAAAAAAAAAAAAAAAAAA=="},
        {"session_key": "AAAA"},
        {"session_key": "é"},
        {"iv": "AAAA"},
        {"iv": ""},
        {"encrypted": ""},
        {"encrypted": "AAAA"},
        {"encrypted": "not base64!"},
        {"encrypted": PHONE["encryptedData"][:-24] + "AAAAAAAAAAAAAAAAAAAAAAAA"},
    ],
)
def test_what_was_tampered_with_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(EnvelopeError):
        opened(PHONE, **changes)


@given(encrypted=st.text(), iv=st.text(), session_key=st.text())
def test_whatever_is_sent_is_refused_in_order(encrypted: str, iv: str, session_key: str) -> None:
    with pytest.raises(EnvelopeError):
        open_data(session_key, encrypted, iv, APPID, NOW)


def test_raw_data_is_checked_with_the_session_key() -> None:
    known = VECTORS["raw_data_signature"]
    assert raw_data_matches(known["rawData"], KEY, known["signature"])
    assert not raw_data_matches(known["rawData"] + " ", KEY, known["signature"])
    assert not raw_data_matches(known["rawData"], "other", known["signature"])
    assert not raw_data_matches("\ud800", KEY, "é")
