import pytest
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from tests.signed import Signed, business_system


@pytest.fixture
def notes(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.api.urls"


@pytest.fixture
def caller(account: OfficialAccount, notes: None) -> Signed:
    return business_system(account, scopes=["notes:read", "notes:write"])
