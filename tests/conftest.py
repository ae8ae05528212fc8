import pytest
from pytest_django import Settings

from accounts.models import OfficialAccount
from tests.cast import Cast, cast
from tests.platform import Platform

APPID = "wx0123456789abcdef"
TOKEN = "benchtoken"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ORIGINAL_ID = "gh_0123456789ab"


@pytest.fixture(autouse=True)
def _quick(settings: Settings) -> None:
    """Edits are seen at once, and a password costs no half a second."""
    settings.EDITION_INTERVAL = 0
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def account(db: None) -> OfficialAccount:
    """An account in safe mode, as the platform knows it."""
    return OfficialAccount.objects.create(
        slug="demo",
        name="演示服务号",
        appid=APPID,
        original_id=ORIGINAL_ID,
        appsecret="0123456789abcdef0123456789abcdef",
        token=TOKEN,
        aes_key=AES_KEY,
        mode="safe",
    )


@pytest.fixture
def staff(account: OfficialAccount) -> Cast:
    return cast(account)


@pytest.fixture
def platform() -> Platform:
    return Platform(APPID, TOKEN, AES_KEY, ORIGINAL_ID)
