"""The commands that are shipped, and the proxies they are made for."""

import ipaddress
import re

import pytest
import yaml

from config.embedded import PROJECT
from config.stack.__main__ import _programs

SHIPPED = [
    "deploy/Dockerfile",
    "deploy/systemd/wechat-console-web.service",
    "docs/production.md",
    "docs/production.zh-CN.md",
]
PROXIES = ["deploy/nginx-compose.conf", "deploy/nginx-debian.conf", "deploy/Caddyfile"]


def web_command(file: str) -> str:
    """Returns the options of the web process, from ``uvicorn`` to the application."""
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
    others, callbacks = (PROJECT / proxy).read_text().split("location ~ ^/wechat/")
    assert re.findall(r"proxy_read_timeout (\w+)", callbacks) == ["6s"]
    assert re.findall(r"proxy_read_timeout (\w+)", others) == ["300s"]


@pytest.mark.parametrize("proxy", PROXIES[:2])
def test_what_is_told_inside_is_kept_inside(proxy: str) -> None:
    block = re.search(r"location = /metrics \{(.*?)\}", (PROJECT / proxy).read_text(), re.S)
    assert block is not None
    rules = re.findall(r"(allow|deny) ([^;]+);", block[1])
    assert rules[-1] == ("deny", "all")
    networks = [ipaddress.ip_network(network) for verdict, network in rules if verdict == "allow"]
    assert networks
    assert all(network.is_private for network in networks)


def test_the_ingress_leads_nobody_to_the_metrics() -> None:
    ingress = next(yaml.safe_load_all((PROJECT / "deploy/kubernetes/base/ingress.yaml").read_text()))
    (rule,) = ingress["spec"]["rules"]
    paths = {each["path"]: each["backend"]["service"]["name"] for each in rule["http"]["paths"]}
    assert paths == {"/metrics": "nowhere", "/": "web"}


def test_systemd_starts_nothing_before_the_migration() -> None:
    units = {path.stem: path.read_text() for path in (PROJECT / "deploy/systemd").glob("*.service")}
    web = units.pop("wechat-console-web")
    assert re.search(r"^ExecStartPre=.* manage\.py migrate ", web, re.M)
    assert len(units) == 3
    for unit in units.values():
        assert "wechat-console-web.service" in unit.split("After=")[1].splitlines()[0].split()


def test_every_sample_lets_a_web_process_end_what_it_has_begun() -> None:
    """What kills it at the same second would cut off the callbacks that it still commits."""
    compose = yaml.safe_load((PROJECT / "deploy/compose.yaml").read_text())["services"]["web"]
    unit = (PROJECT / "deploy/systemd/wechat-console-web.service").read_text()
    pod = next(yaml.safe_load_all((PROJECT / "deploy/kubernetes/base/web.yaml").read_text()))["spec"][
        "template"
    ]
    (told_to_go,) = (each["lifecycle"]["preStop"]["exec"] for each in pod["spec"]["containers"])
    given = {
        "compose": compose.get("stop_grace_period", "10s").removesuffix("s"),
        "systemd": re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.M)[0],
        "kubernetes": pod["spec"]["terminationGracePeriodSeconds"] - int(told_to_go["command"][1]),
    }
    for file in SHIPPED:
        needed = re.search(r"--timeout-graceful-shutdown (\d+)", web_command(file))
        assert needed is not None
        assert {where: int(seconds) > int(needed[1]) for where, seconds in given.items()} == dict.fromkeys(
            given, True
        )
