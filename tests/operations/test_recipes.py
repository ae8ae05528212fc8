"""The recipes for developers, ``docs/adding.md``, keep to the names that the code has."""

import ast
import re
import textwrap
from typing import Any

from django.apps import apps

from accounts.official.models import OfficialAccount
from config.embedded import PROJECT
from wechat.inbox import routing
from wechat.kernel.apps import JOINED_BY
from wechat.sdk.messages import Subscribe, Text

PAGE = (PROJECT / "docs" / "adding.md").read_text()
SAMPLES = [textwrap.dedent(block) for block in re.findall(r"^ *```python\n(.*?)^ *```$", PAGE, re.M | re.S)]
TABLE = PAGE[PAGE.index("## Where an app can join in") :]


def modules_with_a_registry() -> set[str]:
    """Returns the modules of the apps that make a ``Registry``, by their dotted names."""
    found = set()
    for app in apps.get_app_configs():
        for path in (PROJECT / app.name.replace(".", "/")).rglob("*.py"):
            if " = Registry(" in path.read_text():
                found.add(".".join(path.relative_to(PROJECT).with_suffix("").parts))
    return found


def test_samples_are_python() -> None:
    assert len(SAMPLES) >= 5
    for sample in SAMPLES:
        ast.parse(sample)


def test_the_sample_of_a_handler_answers_and_reacts() -> None:
    sample = next(sample for sample in SAMPLES if "@answers" in sample)
    asks = Text(openid="someone", to="gh_demo", create_time=1, content="积分")
    follows = Subscribe(openid="someone", to="gh_demo", create_time=1)
    module: dict[str, Any] = {"__name__": "loyalty.handlers"}
    with routing.replaced():
        exec(compile(sample, "docs/adding.md", "exec"), module)
        answer = routing.answer(routing.InboundEvent(OfficialAccount(), asks))
        reactors = routing.reactors(routing.InboundEvent(OfficialAccount(), follows))
    assert answer is not None
    assert answer.by == "loyalty:points"
    assert reactors == [module["thank"]]


def test_every_module_that_apps_join_in_by_is_listed() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", TABLE, re.M))
    assert listed == set(JOINED_BY)


def test_every_registry_is_listed_with_the_module_that_uses_it() -> None:
    listed = set(re.findall(r"`([\w.]+)` \|$", TABLE, re.M))
    for module in modules_with_a_registry():
        assert module in listed or module.rpartition(".")[0] in listed, module
