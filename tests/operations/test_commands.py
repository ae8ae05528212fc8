"""The commands that are shipped, and the proxies they are made for."""

import re

import pytest

from config.embedded import PROJECT
from config.stack.__main__ import _programs

SHIPPED = ["deploy/Dockerfile", "deploy/systemd/wechat-console-web.service", "README.md", "README.zh-CN.md"]
PROXIES = ["deploy/nginx-compose.conf", "deploy/nginx-debian.conf", "deploy/Caddyfile"]


def web_command(file: str) -> str:
    """The options of the web process, from `uvicorn` to the application."""
    text = re.sub(r'["\\,\s]+', " ", (PROJECT / file).read_text())
    found = re.search(r"uvicorn (--.*?) config\.asgi:application", text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize("command", [" ".join(_programs()["web"]), *map(web_command, SHIPPED)])
def test_an_idle_connection_is_closed_by_the_proxy_first(command: str, proxy: str) -> None:
    ours = re.search(r"--timeout-keep-alive (\d+)", command)
    theirs = re.findall(r"^\s+keepalive(?:_timeout)? (\d+)s", (PROJECT / proxy).read_text(), re.M)
    assert ours is not None
    assert theirs
    assert all(int(ours[1]) > int(each) for each in theirs)


@pytest.mark.parametrize("proxy", PROXIES[:2])
def test_only_callbacks_have_the_limit_of_the_platform(proxy: str) -> None:
    text = (PROJECT / proxy).read_text()
    assert text.count("proxy_read_timeout") == 1
    assert "proxy_read_timeout 6s" in text[text.index("location ~ ^/wechat/") :]
