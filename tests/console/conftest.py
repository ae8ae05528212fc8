from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from tests.cast import Cast
from tests.console import world
from tests.console.world import World


@pytest.fixture(autouse=True)
def _nobody_outside(settings: Settings, tmp_path: Path) -> None:
    """Stores files only for the test; calls to the platform fail immediately."""
    settings.MEDIA_ROOT = tmp_path
    settings.WECHAT_API_BASE = settings.WECHAT_PAY_API_BASE = "http://127.0.0.1:9"


@pytest.fixture
def ours(account: OfficialAccount, staff: Cast) -> World:
    return world.build(account)


@pytest.fixture
def theirs(staff: Cast) -> World:
    return world.build(staff.theirs)
