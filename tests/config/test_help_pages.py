"""The guides are pages of the console: whole, under their own names, and their links lead on."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config.help_pages import GUIDES
from tests.cast import signed_in

pytestmark = pytest.mark.django_db

NAMES = sorted(path.name.removesuffix(".zh-CN.md") for path in GUIDES.glob("*.zh-CN.md"))


@pytest.fixture
def reader(admin_user: User) -> Client:
    return signed_in(admin_user)


def _shown(reader: Client, guide: str) -> tuple[str, str]:
    text = reader.get(f"/admin/help/{guide}/").content.decode()
    (title,) = re.findall(r"<title>(.*?)\s*\|", text, re.S)
    (body,) = re.findall(r'<article class="guide">(.*?)</article>', text, re.S)
    return title.strip(), body


@pytest.mark.parametrize("guide", ["start", *NAMES])
def test_a_guide_has_its_own_title_and_no_line_of_the_repository(reader: Client, guide: str) -> None:
    file = GUIDES / ("zh-CN.md" if guide == "start" else f"{guide}.zh-CN.md")
    title, body = _shown(reader, guide)
    assert f"# {title}" == file.read_text().partition("\n")[0]
    assert "简体中文" not in body.partition("</p>")[0]


def test_a_guide_begins_with_its_first_words(reader: Client) -> None:
    assert "让其他系统对接控制台" in _shown(reader, "api-clients")[1].partition("</h2>")[0]
    assert "渠道是带来粉丝的门店" in _shown(reader, "channels")[1].partition("</p>")[0]


@pytest.mark.parametrize("guide", ["start", *NAMES])
def test_every_link_of_a_guide_leads_somewhere(reader: Client, guide: str) -> None:
    for address in set(re.findall(r'href="([^"]*)"', _shown(reader, guide)[1])):
        assert reader.get(address).status_code == 200, address


def test_a_guide_is_found_by_its_title(reader: Client) -> None:
    assert "/admin/help/mass-sends/#h0" in reader.get("/admin/find/?q=群发&part=1").content.decode()


@pytest.mark.parametrize("guide", ["start", *NAMES])
def test_the_lines_of_the_file_leave_no_gaps_in_chinese_text(reader: Client, guide: str) -> None:
    text = re.sub(r"</?(?:strong|em|code|a)\b[^>]*>", "", _shown(reader, guide)[1])
    assert not re.findall(r"[\u4e00-\u9fff，。；：、”][ \n][\u4e00-\u9fff，。；：、“]", text)
