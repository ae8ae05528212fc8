from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from tests.sdk.platform import APPID, Platform, serving


@pytest.fixture
def wechat(settings: Settings, account: OfficialAccount, tmp_path: Path) -> Iterator[Platform]:
    account.appid = APPID
    account.save()
    settings.MEDIA_ROOT = tmp_path
    api = Platform()
    with serving(api) as settings.WECHAT_API_BASE:
        yield api


@pytest.fixture
def editor(account: OfficialAccount) -> Client:
    user = User.objects.create_user("editor", password="x", is_staff=True)
    StaffRight.objects.create(user=user, account=account, role="editor")
    client = Client()
    client.force_login(user)
    return client
