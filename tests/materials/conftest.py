import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from accounts.models import OfficialAccount, StaffRight
from tests.sdk.platform import APPID, Platform, serve


@pytest.fixture
def wechat(settings: Settings, account: OfficialAccount, tmp_path: Path) -> Iterator[Platform]:
    account.appid = APPID
    account.save()
    settings.MEDIA_ROOT = tmp_path
    api = Platform()
    server = serve(api)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.WECHAT_API_BASE = f"http://127.0.0.1:{server.server_port}"
    yield api
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def editor(account: OfficialAccount) -> Client:
    user = User.objects.create_user("editor", password="x", is_staff=True)
    StaffRight.objects.create(user=user, account=account, role="editor")
    client = Client()
    client.force_login(user)
    return client
