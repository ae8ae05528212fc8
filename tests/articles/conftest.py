import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from tests.simulated import Simulated
from wechat.articles.models import Article, Draft
from wechat.kernel import work
from wechat.materials.models import Asset


def picture(size: tuple[int, int] = (400, 300), form: str = "PNG") -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", size, "#4488aa").save(drawn, form)
    return drawn.getvalue()


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def asset(account: OfficialAccount, known: Simulated) -> Asset:
    """A picture that is on WeChat."""
    row = Asset(account=account, name="封面", content_type="image/png", size=1, due_at=timezone.now())
    row.file.save("cover.png", ContentFile(picture()), save=False)
    row.save()
    work.run("materials.upload")
    row.refresh_from_db()
    return row


@pytest.fixture
def written(account: OfficialAccount, asset: Asset) -> Callable[..., Draft]:
    def write(*titles: str, **fields: Any) -> Draft:
        draft = Draft.objects.create(account=account)
        for position, title in enumerate(titles or ["周末活动"]):
            usual = {"title": title, "content": "<p>到店有礼</p>", "cover": asset, "position": position}
            Article.objects.create(draft=draft, **{**usual, **fields})
        return draft

    return write
