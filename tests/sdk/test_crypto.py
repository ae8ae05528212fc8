from base64 import b64decode, b64encode
from contextlib import suppress

import pytest
from Crypto.Cipher import AES
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.data import VECTORS, label
from wechat.sdk.crypto import MessageCipher, sign
from wechat.sdk.errors import EnvelopeError

ACCOUNTS = list(VECTORS["accounts"].values())
ALPHA = VECTORS["accounts"]["alpha"]
PUBLISHED = VECTORS["published_examples"]


@pytest.mark.parametrize("vector", VECTORS["url_verification"], ids=label)
def test_signatures_agree_with_the_vectors(vector: dict[str, str]) -> None:
    assert sign(vector["token"], vector["timestamp"], vector["nonce"]) == vector["signature"]


@pytest.mark.parametrize("vector", [*VECTORS["inbound"], *VECTORS["replies"]], ids=label)
def test_every_recorded_push_and_reply_decrypts(vector: dict[str, str]) -> None:
    cipher = MessageCipher(vector["encoding_aes_key"], vector["appid"])
    assert cipher.decrypt(vector["encrypt_base64"]).decode() == vector["plaintext_xml"]


@pytest.mark.parametrize("vector", PUBLISHED["items"], ids=label)
def test_the_numbers_printed_by_the_platform_come_out(vector: dict[str, str]) -> None:
    signed = (PUBLISHED["token"], vector["timestamp"], vector["nonce"])
    if "signature" in vector:
        assert sign(*signed) == vector["signature"]
    if "encrypt_base64" in vector:
        cipher = MessageCipher(PUBLISHED["encoding_aes_key"], PUBLISHED["appid"])
        assert sign(*signed, vector["encrypt_base64"]) == vector["msg_signature"]
        assert cipher.decrypt(vector["encrypt_base64"]).decode() == vector["plaintext"]


@pytest.mark.parametrize("account", ACCOUNTS, ids=label)
@given(message=st.binary(max_size=200))
def test_what_is_encrypted_decrypts(account: dict[str, str], message: bytes) -> None:
    cipher = MessageCipher(account["encoding_aes_key"], account["appid"])
    assert cipher.decrypt(cipher.encrypt(message)) == message


def test_the_same_message_never_looks_the_same_twice() -> None:
    cipher = MessageCipher(ALPHA["encoding_aes_key"], ALPHA["appid"])
    assert cipher.encrypt(b"hello") != cipher.encrypt(b"hello")


@given(text=st.text(max_size=400))
def test_wild_ciphertext_is_refused_and_never_crashes(text: str) -> None:
    with pytest.raises(EnvelopeError):
        MessageCipher(ALPHA["encoding_aes_key"], ALPHA["appid"]).decrypt(text)


@given(position=st.integers(0, 383), flip=st.integers(1, 255))
def test_a_changed_byte_gives_the_message_or_a_refusal_but_no_crash(position: int, flip: int) -> None:
    cipher = MessageCipher(ALPHA["encoding_aes_key"], ALPHA["appid"])
    sealed = bytearray(b64decode(VECTORS["inbound"][0]["encrypt_base64"]))
    sealed[position] ^= flip
    with suppress(EnvelopeError):
        # CBC garbles a block or two; only the signature protects the words in between.
        assert (
            len(cipher.decrypt(b64encode(sealed).decode())) == VECTORS["inbound"][0]["plaintext_utf8_bytes"]
        )


def reason(encrypted: str) -> str:
    with pytest.raises(EnvelopeError) as refused:
        MessageCipher(ALPHA["encoding_aes_key"], ALPHA["appid"]).decrypt(encrypted)
    return refused.value.reason


def encrypted_as_is(plain: bytes) -> str:
    key = bytes.fromhex(ALPHA["aes_key_hex"])
    return b64encode(AES.new(key, AES.MODE_CBC, key[:16]).encrypt(plain)).decode()


@pytest.mark.parametrize("ending", [b"\x01\x02", b"\x02\x03", b"\x21" * 33, b"\x00"])
def test_padding_is_refused_unless_every_byte_of_it_fits(ending: bytes) -> None:
    assert reason(encrypted_as_is(b"p" * (96 - len(ending)) + ending)) == "padding"


def test_a_text_too_short_for_its_own_header_is_refused() -> None:
    assert reason(encrypted_as_is(b"\x20" * 32)) == "length"
    assert reason(encrypted_as_is(b"\x00" * 16 + b"\x10" * 16)) == "length"


@pytest.mark.parametrize("character", [" ", "\n", "-", "_", "é"])
def test_only_standard_base64_is_decoded(character: str) -> None:
    good = VECTORS["inbound"][0]["encrypt_base64"]
    assert reason(good[:100] + character + good[100:]) == "malformed"


@pytest.mark.parametrize("key", ["", "a" * 42, "a" * 44, "a" * 42 + "=", "a" * 42 + "\n", "é" * 43])
def test_a_key_of_the_wrong_form_is_refused_when_set(key: str) -> None:
    with pytest.raises(ValueError, match="43 letters and digits"):
        MessageCipher(key, ALPHA["appid"])
