"""The answers of the platform as the simulator gives them, with one value or all of it changed."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from tests.sdk.platform import Platform, Reply, Request
from tests.simulator.conftest import OWNER, Simulator
from tests.simulator.example_calls import scene_of

Place = tuple[str | int, ...]
LEFT_OUT = object()
DEEP: Any = json.loads("[" * 40 + "]" * 40)
ODD_VALUES: tuple[Any, ...] = (
    LEFT_OUT, None, "", "x", "7", "长" * 5_000, "\0", "\ud800", 0, -1, 7, 3.5, 2**31, 2**63, 10**30, True,
    False, [], [[]], [None], ["x"], {}, {"x": 1}, DEEP,
)  # fmt: skip
ODD_BODIES: tuple[Callable[[bytes], bytes], ...] = (
    lambda body: b"",
    lambda body: b"\xef\xbb\xbf" + body,
    lambda body: body.decode().encode("utf-16"),
    lambda body: body[: len(body) // 2],
    lambda body: b"<html><body>502</body></html>",
    lambda body: gzip.compress(body)[:-5],
    lambda body: b"[" + body + b"]",
    lambda body: b"null",
    lambda body: b"{}",
    lambda body: b'{"a":' * 5_000,
    lambda body: b'{"errcode":null}',
    lambda body: b'{"errcode":"0","errmsg":null}',
    lambda body: b'{"errcode":[],"errmsg":{}}',
    lambda body: b'{"errcode":"-1","errmsg":7}',
    lambda body: b'{"errcode":99999999999,"errmsg":"?"}',
)


class Answers(Platform):
    """The platform, which answers every call as the simulator does, but ``odd_path`` as ``odd`` makes it."""

    def __init__(self, recorded: Mapping[str, bytes]) -> None:
        super().__init__()
        self.recorded = recorded
        self.odd_path = ""
        self.odd: Callable[[bytes], bytes] = bytes
        for path in recorded:
            self.routes[path] = self.open_routes[path] = self._answer

    def handle(self, request: Request) -> Reply:
        if request.path in ("/cgi-bin/token", "/cgi-bin/stable_token") and request.path != self.odd_path:
            return Reply(b'{"access_token":"98_token","expires_in":7200}')
        return self._answer(request)

    def _answer(self, request: Request) -> Reply:
        body = self.recorded.get(request.path, b'{"errcode":0,"errmsg":"ok"}')
        if _is_behind(request):
            # The page behind the last one.
            body = b'{"total":2,"count":0,"next_openid":"","item":[],"total_count":1,"item_count":0}'
        elif request.path == self.odd_path:
            body = self.odd(body)
        return Reply(body)


def _is_behind(request: Request) -> bool:
    asked = json.loads(request.body) if request.body.startswith(b"{") else {}
    return bool(request.query.get("next_openid") or asked.get("begin_openid") or asked.get("offset"))


def record(base: str) -> dict[str, bytes]:
    """Returns the JSON answers of a simulator to all calls of the platform's list, by their paths."""
    simulator = Simulator(base)
    simulator.sim("/reset")
    simulator.sim("/settings", {"repeat_pause": 0, "result_event_delay": 0})
    simulator.sim("/accounts", OWNER)
    scene = scene_of(simulator)
    found = {}
    for path, example in scene.examples.items():
        scene.enter(simulator)
        answer = scene.call(simulator, example)
        if "file" not in answer:
            found[path] = json.dumps(answer, ensure_ascii=False).encode()
    return found


def places(value: Any, above: Place = ()) -> Iterator[Place]:
    """Yields where the values of an answer are; of a list only the first two."""
    inside: Any = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value[:2])
    for name, each in inside:
        yield (*above, name)
        yield from places(each, (*above, name))


def changed(body: bytes, number: int, odd: Any) -> bytes:
    """Returns the answer with the value at its ``number``-th place replaced."""
    answer = json.loads(body)
    everywhere = list(places(answer))
    if not everywhere:
        return body
    *above, last = everywhere[number % len(everywhere)]
    inner = answer
    for name in above:
        inner = inner[name]
    if odd is LEFT_OUT:
        del inner[last]
    else:
        inner[last] = odd
    return json.dumps(answer).encode()


def one_odd(number: int, odd: Any) -> Callable[[bytes], bytes]:
    return lambda body: changed(body, number, odd)


def all_odd(body: bytes) -> Iterator[Callable[[bytes], bytes]]:
    """Yields every change of an answer: each value at each place, and all bodies."""
    for number in range(len(list(places(json.loads(body))))):
        yield from (one_odd(number, odd) for odd in ODD_VALUES)
    yield from ODD_BODIES


oddly = st.one_of(
    st.builds(one_odd, st.integers(0, 10_000), st.sampled_from(ODD_VALUES)), st.sampled_from(ODD_BODIES)
)
