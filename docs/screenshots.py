"""The generator of the guides' screenshots from the demo: ``make screenshots``.

Starts the whole demo with separate data on free ports, simulates a few people who follow, write and pay, and
opens each page in each language with the demo's login. Writes ``docs/images/staff/<language>/<name>.png``.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from playwright.sync_api import Page, ViewportSize, sync_playwright

from simulator.client import Account, SimulatorClient

PROJECT = Path(__file__).parent.parent
PICTURES = PROJECT / "docs" / "images" / "staff"
READY_SECONDS = 240
LANGUAGES = {"zh-CN": "zh-hans", "en": "en"}
WIDE, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=360, height=740)
OPENID = f"oDemo{0:023d}"
PEOPLE = (
    ["你好", "请问周末有手工课吗", "价格是多少", "停车方便吗"],
    ["手工课", "可以开发票吗", "人工"],
    ["营业时间", "能带宠物吗"],
    ["会员", "可以开发票吗", "谢谢"],
)
# Each page by the name of its picture, with its window size. The demo's first rows have the id 1.
PAGES = {
    "overview": ("/admin/", WIDE),
    "overview-phone": ("/admin/", PHONE),
    "todo": ("/admin/todo/", WIDE),
    "log": ("/admin/inbox/inboundmessage/", WIDE),
    "conversation": (f"/admin/inbox/inboundmessage/conversation/1/{OPENID}/", WIDE),
    "desk": ("/admin/desk/thread/", WIDE),
    "unanswered": ("/admin/inbox/inboundmessage/unanswered/", WIDE),
    "rule": ("/admin/replies/rule/add/", WIDE),
    "rules": ("/admin/replies/rule/", WIDE),
    "sequence": ("/admin/campaigns/sequence/1/change/", WIDE),
    "tester": ("/admin/replies/rule/tester/", WIDE),
    "never": ("/admin/replies/rule/never/", WIDE),
    "import": ("/admin/replies/rule/import/", WIDE),
    "followers": ("/admin/followers/follower/", WIDE),
    "menus": ("/admin/menus/menu/", WIDE),
    "materials": ("/admin/materials/asset/", WIDE),
    "pushes": ("/admin/pushes/push/", WIDE),
    "orders": ("/admin/orders/order/", WIDE),
    "revenue": ("/admin/orders/order/revenue/", WIDE),
    "limits": ("/admin/approvals/approval/limits/", WIDE),
    "audit": ("/admin/staff/auditentry/", WIDE),
    "work": ("/admin/operations/jobs/", WIDE),
    "quotas": ("/admin/operations/quotas/", WIDE),
    "set-up": ("/admin/operations/setup/", WIDE),
    "findings": ("/admin/official/officialaccount/1/examine/", WIDE),
    "account": ("/admin/official/officialaccount/1/change/", WIDE),
}


def main() -> int:
    if not (chromium := shutil.which("chromium")):
        sys.stderr.write("The pictures are taken with Chromium: apt-get install chromium\n")
        return 1
    with tempfile.TemporaryDirectory() as local, _demo(Path(local)) as (console, platform):
        _let_people_live(SimulatorClient(platform))
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for locale, language in LANGUAGES.items():
                context = browser.new_context(base_url=console, locale=locale, viewport=WIDE)
                _take(context.new_page(), PICTURES / locale, language)
                context.close()
    return 0


@contextmanager
def _demo(local: Path) -> Iterator[tuple[str, str]]:
    """Runs the demo during the block; yields the URLs of the console and of the simulator."""
    web, platform = _free_port(), _free_port()
    environment = os.environ | {
        "WECHAT_CONSOLE_LOCAL": str(local),
        "PORT": str(web),
        "SIMULATOR_PORT": str(platform),
    }
    command = [sys.executable, "-m", "config.stack"]
    with subprocess.Popen(  # noqa: S603 - our own program, and no shell
        command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL
    ) as stack:
        try:
            _wait_for(f"http://127.0.0.1:{web}/healthz/ready", stack)
            yield f"http://127.0.0.1:{web}", f"http://127.0.0.1:{platform}"
        finally:
            stack.terminate()
            stack.wait(60)


def _let_people_live(simulator: SimulatorClient) -> None:
    """Simulates people who follow, write and receive replies, so that the pages have content."""
    accounts = simulator.control("GET", "/accounts")["accounts"]
    appid = next(each["appid"] for each in accounts if each["kind"] == "service")
    account = Account(simulator, appid)
    for number, texts in enumerate(PEOPLE):
        openid = f"oDemo{number:023d}"
        account.act(openid, "follow")
        for text in texts:
            account.say(openid, text)


def _take(page: Page, folder: Path, language: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    page.goto("/admin/login/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", "admin")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")
    page.context.add_cookies([{"name": "django_language", "value": language, "url": page.url}])
    for name, (address, window) in PAGES.items():
        page.set_viewport_size(window)
        answer = page.goto(address)
        if answer is None or not answer.ok:
            raise SystemExit(f"{address} is not shown")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / f"{name}.png")


def _wait_for(address: str, stack: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends and stack.poll() is None:
        try:
            if requests.get(address, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.5)
    raise SystemExit("The demo did not start.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
