"""Tests of the simulator under the platform's addresses: base URLs, https, certificates, files."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from Crypto.PublicKey import RSA

from simulator import tls
from simulator.pay import v2_xml
from simulator.pay.certificates import new_serial
from simulator.ports import free_port
from tests.simulator.conftest import (
    APPID,
    OPENID,
    OWNER,
    AccountServer,
    Simulator,
    wait_for,
)
from tests.simulator.pay.conftest import APIV3_KEY, KEYS, MCHID, V2_KEY, Shop


@contextmanager
def started(*options: str) -> Iterator[Simulator]:
    port = free_port()
    running = subprocess.Popen([sys.executable, "-m", "simulator", "--port", str(port), *options])
    try:
        wait_for(f"http://127.0.0.1:{port}")
        yield Simulator(f"http://127.0.0.1:{port}")
    finally:
        running.terminate()
        assert running.wait(60) == 0


def refused(*options: str) -> str:
    """The one line it ends with."""
    command = [sys.executable, "-m", "simulator", "--port", str(free_port()), *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    return ended.stderr


# --- addresses


def test_addresses_in_answers_begin_as_configured(tmp_path: Path) -> None:
    options = ("--public-url", "https://wechat.example.com", "--public-url", "pay=https://pay.example.com/")
    with started(*options) as simulator:
        simulator.sim("/accounts", OWNER)
        picture = b"\xff\xd8\xff" + b"0" * 100
        answer = simulator.upload("/cgi-bin/media/uploadimg", "a.jpg", picture)
        assert answer["url"].startswith("https://wechat.example.com/mmbiz/")
        shop = Shop(simulator)
        shop.setup()
        assert shop.order(way="h5").json()["h5_url"].startswith("https://pay.example.com/cgi-bin/")


def test_wechats_own_host_names_are_one_word(tmp_path: Path) -> None:
    with started("--public-url", "wechat") as simulator:
        shop = Shop(simulator)
        shop.setup()
        assert shop.order(way="h5").json()["h5_url"].startswith("https://api.mch.weixin.qq.com/")


@pytest.mark.parametrize("url", ["nonsense", "pay=nonsense", "ftp://x", "https://x?y=1"])
def test_an_address_that_is_none_stops_the_start(url: str) -> None:
    assert "is no address" in refused("--public-url", url)


# --- https


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Simulator, str, Path]]:
    """A simulator, its https address, and the folder of its authority."""
    folder, port = tmp_path_factory.mktemp("tls"), free_port()
    with started("--tls", str(folder), "--tls-port", str(port)) as simulator:
        yield simulator, f"https://localhost:{port}", folder


def test_https_is_served_with_an_authority_that_is_kept(secure: tuple[Simulator, str, Path]) -> None:
    _, base, folder = secure
    answer = requests.get(f"{base}/_sim/health", verify=str(folder / "ca.pem"), timeout=30)
    assert answer.json() == {"ok": True}
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{base}/_sim/health", timeout=30)
    before = (folder / "ca.pem").read_text()
    assert tls.authority(folder).path.read_text() == before
    assert (folder / "ca.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("host", ["api.weixin.qq.com", "api.mch.weixin.qq.com", "127.0.0.1"])
def test_the_certificate_is_good_for_wechats_hosts(secure: tuple[Simulator, str, Path], host: str) -> None:
    _, base, folder = secure
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    port = int(base.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        assert wrapped.version() in ("TLSv1.2", "TLSv1.3")


def refund_of_the_old_api(base: str, folder: Path, **more: Any) -> str:
    """The code or text of the refusal; ORDERNOTEXIST means that the certificate was taken."""
    fields = {
        "appid": KEYS["appid"],
        "mch_id": MCHID,
        "nonce_str": "n",
        "out_trade_no": "SO1",
        "out_refund_no": "RF1",
        "total_fee": "1",
        "refund_fee": "1",
    }
    body = "".join(
        f"<{name}>{value}</{name}>"
        for name, value in {**fields, "sign": v2_xml.sign(fields, V2_KEY, "MD5")}.items()
    )
    url = f"{base}/secapi/pay/refund"
    answer = requests.post(url, data=f"<xml>{body}</xml>", verify=str(folder / "ca.pem"), timeout=30, **more)
    return answer.text


def test_refunds_of_the_old_api_ask_for_the_merchants_certificate(
    secure: tuple[Simulator, str, Path], tmp_path: Path
) -> None:
    simulator, base, folder = secure
    simulator.sim("/reset")
    given = {"mchid": MCHID, "appids": [KEYS["appid"]], "apiv3_key": APIV3_KEY, "v2_key": V2_KEY}
    answer = simulator.sim("/merchants", given)
    (tmp_path / "own.pem").write_text(answer["certificate"])
    (tmp_path / "own.key").write_text(answer["private_key"])
    own = (str(tmp_path / "own.pem"), str(tmp_path / "own.key"))
    assert "证书验证失败" in refund_of_the_old_api(base, folder)
    assert "证书验证失败" in refund_of_the_old_api(base, folder, headers={"X-Client-Certificate": "1"})
    assert "ORDERNOTEXIST" in refund_of_the_old_api(base, folder, cert=own)
    other = simulator.sim("/merchants", {**given, "mchid": "1900000111"})
    (tmp_path / "other.pem").write_text(other["certificate"])
    (tmp_path / "other.key").write_text(other["private_key"])
    others = (str(tmp_path / "other.pem"), str(tmp_path / "other.key"))
    assert "证书验证失败" in refund_of_the_old_api(base, folder, cert=others)
    simulator.sim("/merchants", {"mchid": MCHID, "voided": [answer["serial_no"]]})
    assert "证书验证失败" in refund_of_the_old_api(base, folder, cert=own)


def test_callbacks_go_to_https_with_an_authority_of_ones_own(tmp_path: Path) -> None:
    ca = tls.authority(tmp_path)
    own, private = ca.folder / "own.pem", RSA.generate(2048)
    own.write_text(
        ca.certificate("own", new_serial(), private, ["127.0.0.1"]) + private.export_key().decode() + "\n"
    )
    server = AccountServer()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"https://127.0.0.1:{server.server_port}/callback"
    try:
        with started("--callback-ca", str(ca.path)) as simulator:
            simulator.sim("/accounts", {**OWNER, "callback_url": url})
            assert simulator.event(type="text", content="hi")["attempts"][0]["verdict"] == "success"
        with started() as simulator:
            simulator.sim("/accounts", {**OWNER, "callback_url": url})
            answer = simulator.event(type="text", content="hi", attempts=1)["attempts"][0]
            assert (answer["verdict"], answer["detail"]) == ("error", "SSLError")
    finally:
        server.shutdown()
        server.server_close()


# --- the file of accounts


def test_accounts_and_merchants_are_made_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text(KEYS["merchant"]["certificate_pem"])
    file = tmp_path / "accounts.toml"
    file.write_text(
        f"""
[[accounts]]
appid = "{APPID}"
secret = "{OWNER["secret"]}"
token = "QingchengFitToken01"
name = "青橙健身"

[[merchants]]
mchid = "{MCHID}"
appids = ["{KEYS["appid"]}"]
apiv3_key = "{APIV3_KEY}"
certificate_file = "cert.pem"
"""
    )
    with started("--accounts", str(file)) as simulator:
        assert simulator.get_token()
        shop = Shop(simulator, described=simulator.get(f"/merchants/{MCHID}"))
        assert shop.order().status_code == 200


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--host", "nonsense.host.invalid"], "cannot listen at nonsense.host.invalid"),
        (["--accounts", "missing.toml"], "missing.toml: No such file"),
        (["--callback-ca", "missing.pem"], "missing.pem: No such file"),
        (["--public-url", "nonsense"], "nonsense is no address"),
    ],
)
def test_an_option_that_cannot_be_stops_the_start_with_a_sentence(options: list[str], problem: str) -> None:
    assert problem in refused(*options)


def test_a_port_that_cannot_be_is_refused() -> None:
    command = [sys.executable, "-m", "simulator", "--port", "99999"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert "99999 is no port: give a number from 1 to 65535" in ended.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[accounts]]\nname = 'x'", "account 1 has no appid"),
        ("[[accounts]]\nappid = 'wx1'\nmode = 'open'", "account 1: mode must be one of"),
        ("[[shops]]\nid = 1", "there is no [[shops]]"),
        ("[[merchants]]\nmchid = '1900000109'", "merchant 1: give its certificate"),
        ("[[merchants]]\nmchid = 'x'\ncertificate = 'x'", "merchant 1: mchid is missing"),
        ("[[merchants]]\nmchid = '1900000109'\ncertificate = 'x'", "no RSA key or certificate"),
        ("= nonsense", "is no TOML"),
        ("accounts = 5", "write each of the accounts under a [[accounts]] of its own"),
        ("[accounts]\nappid = 'wx1'", "write each of the accounts under a [[accounts]] of its own"),
        ("merchants = ['x']", "write each of the merchants under a [[merchants]] of its own"),
        ("[[merchants]]\nmchid = '1'\ncertificate_file = 3", "certificate_file must be the name of a file"),
        ("[[merchants]]\nmchid = '1'\ncertificate_file = 'accounts.pem'", "accounts.pem is no PEM file"),
        ("[[accounts]]\nappid = 'wx1'\ncallback_url = 'http://[::1'", "callback_url must be an address"),
    ],
)
def test_a_file_that_cannot_be_stops_the_start_and_says_where(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(text)
    (tmp_path / "accounts.pem").write_bytes(b"\xff\xfe")
    assert message in refused("--accounts", str(file))


def test_tokens_are_good_after_a_restart(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "state.json"))
    with started(*state) as first:
        first.sim("/accounts", OWNER)
        token = first.get_token()
    with started(*state) as second:
        assert "errcode" not in second.call("/cgi-bin/getcallbackip", token=token)
    with started() as forgetful:
        assert forgetful.code("/cgi-bin/getcallbackip", token=token) == 40001


def test_a_follower_is_still_one_after_a_restart(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "state.json"))
    with started(*state) as first:
        first.sim("/accounts", OWNER)
        first.event(type="follow", attempts=1)
    with started(*state) as second:
        assert second.call("/cgi-bin/user/info", openid=OPENID)["subscribe"] == 1
