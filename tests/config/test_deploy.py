"""The commands that are shipped, and the proxy they are made for."""

import re

import pytest

from config.embedded import PROJECT
from config.stack.__main__ import _programs

SHIPPED = ["deploy/Dockerfile", "deploy/wechat-console@.service", "README.md", "README.zh-CN.md"]


def web_command(file: str) -> str:
    """The options of the web process, from `uvicorn` to the application."""
    text = re.sub(r'["\\,\s]+', " ", (PROJECT / file).read_text())
    found = re.search(r"uvicorn (--.*?) config\.asgi:application", text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("command", [" ".join(_programs()["web"]), *map(web_command, SHIPPED)])
def test_an_idle_connection_is_closed_by_the_proxy_first(command: str) -> None:
    ours = re.search(r"--timeout-keep-alive (\d+)", command)
    proxy = re.search(r"^    keepalive_timeout (\d+)s;", (PROJECT / "deploy/nginx.conf").read_text(), re.M)
    assert ours is not None
    assert proxy is not None
    assert int(ours[1]) > int(proxy[1])
