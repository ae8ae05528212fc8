import threading
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from tests.sdk.memory_tokens import MemoryTokenStore
from tests.sdk.platform import APPID, Platform, Reply, Request, answer
from wechat.sdk.client import Client, JsApiTickets
from wechat.sdk.errors import ApiError, TransportError
from wechat.sdk.tokens import AccessTokens, Credentials, Token
from wechat.sdk.transport import Transport

NAME = f"access_token:stable:{APPID}"
STABLE, CLASSIC = "/cgi-bin/stable_token", "/cgi-bin/token"


class Clock:
    def __init__(self) -> None:
        self.time = 1_769_904_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def process(
    credentials: Credentials, store: MemoryTokenStore, transport: Transport, clock: Clock
) -> Callable[[], AccessTokens]:
    """Another process of ours: its own memory, the shared store."""
    return lambda: AccessTokens(credentials, store, transport, now=clock)


def at_once(calls: Sequence[Callable[[], str]]) -> list[str]:
    """Returns what the calls return when they all start in the same moment."""
    barrier, answers = threading.Barrier(len(calls)), []

    def run(call: Callable[[], str]) -> None:
        barrier.wait()
        answers.append(call())

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_twenty_cold_processes_cost_one_fetch(
    platform: Platform, process: Callable[[], AccessTokens]
) -> None:
    platform.slowness = 0.05
    assert at_once([process().get for _ in range(20)]) == ["98_token-1"] * 20
    assert platform.calls() == {STABLE: 1}


def test_twenty_threads_of_one_process_cost_one_fetch(
    platform: Platform, process: Callable[[], AccessTokens]
) -> None:
    platform.slowness = 0.05
    tokens = process()
    assert at_once([tokens.get] * 20) == ["98_token-1"] * 20
    assert platform.calls() == {STABLE: 1}


def test_a_token_is_asked_for_once_and_then_remembered(
    platform: Platform, process: Callable[[], AccessTokens], store: MemoryTokenStore
) -> None:
    tokens = process()
    assert tokens.get() == tokens.get()
    store.drop(NAME, "98_token-1")
    assert tokens.get() == "98_token-1"
    assert platform.calls() == {STABLE: 1}


def test_a_token_is_renewed_before_it_ends(
    platform: Platform, process: Callable[[], AccessTokens], clock: Clock
) -> None:
    tokens = process()
    tokens.get()
    platform.invalidate()
    clock.time += 7200 - 301
    assert tokens.get() == "98_token-1"
    clock.time += 2
    assert tokens.get() == "98_token-2"
    assert process().get() == "98_token-2"


def test_a_token_with_little_life_left_is_not_asked_for_again_and_again(
    platform: Platform, process: Callable[[], AccessTokens], clock: Clock
) -> None:
    platform.lifetime = 300
    tokens = process()
    for _ in range(29):
        clock.time += 1
        tokens.get()
    assert platform.calls() == {STABLE: 1}
    clock.time += 31
    tokens.get()
    assert platform.calls() == {STABLE: 2}


def test_while_the_token_lives_a_platform_that_is_down_does_no_harm(
    platform: Platform, process: Callable[[], AccessTokens], clock: Clock
) -> None:
    tokens = process()
    tokens.get()
    platform.routes[STABLE] = lambda request: answer(errcode=-1, errmsg="system error")
    clock.time += 7000
    assert [tokens.get(), tokens.get()] == ["98_token-1"] * 2
    assert platform.calls() == {STABLE: 2}
    clock.time += 200
    with pytest.raises(ApiError):
        tokens.get()


def test_only_the_rejected_token_is_dropped(platform: Platform, process: Callable[[], AccessTokens]) -> None:
    mine, theirs = process(), process()
    old = mine.get()
    theirs.get()
    platform.invalidate()
    assert theirs.renew(old) == "98_token-2"
    assert mine.renew(old) == "98_token-2"
    assert mine.get() == "98_token-2"
    assert platform.calls() == {STABLE: 2}


def test_a_token_that_died_in_memory_is_no_replacement(
    platform: Platform, process: Callable[[], AccessTokens], clock: Clock
) -> None:
    tokens = process()
    tokens.get()
    clock.time += 8000
    platform.invalidate()
    assert tokens.renew("98_another") == "98_token-2"


def test_a_token_ended_elsewhere_costs_one_refresh_over_all_processes(
    platform: Platform, process: Callable[[], AccessTokens]
) -> None:
    processes = [process() for _ in range(10)]
    old = processes[0].get()
    at_once([one.get for one in processes])
    platform.invalidate()
    platform.slowness = 0.02
    assert set(at_once([partial(one.renew, old) for one in processes])) == {"98_token-2"}
    assert platform.calls() == {STABLE: 2}
    assert platform.forced() == 0


def test_a_rejected_token_is_gone_even_if_no_other_can_be_had(
    platform: Platform, process: Callable[[], AccessTokens], store: MemoryTokenStore
) -> None:
    tokens = process()
    token = tokens.get()
    platform.routes[STABLE] = lambda request: answer(errcode=-1, errmsg="system error")
    with pytest.raises(ApiError):
        tokens.renew(token)
    assert store.load(NAME) is None
    del platform.routes[STABLE]
    platform.invalidate()
    assert tokens.get() == "98_token-2"


def test_while_a_thread_renews_early_the_others_are_not_kept_waiting(
    platform: Platform, process: Callable[[], AccessTokens], clock: Clock
) -> None:
    def slow(request: Request) -> Reply:
        asked.set()
        go_on.wait(60)
        return answer(access_token="98_later", expires_in=7200)

    asked, go_on = threading.Event(), threading.Event()
    tokens = process()
    tokens.get()
    clock.time += 7000
    platform.routes[STABLE] = slow
    renewing = threading.Thread(target=tokens.get)
    renewing.start()
    assert asked.wait(60)
    assert tokens.get() == "98_token-1"
    go_on.set()
    renewing.join()
    assert tokens.get() == "98_later"


def test_a_stable_token_the_platform_insists_on_is_forced_once(
    platform: Platform, process: Callable[[], AccessTokens]
) -> None:
    tokens = process()
    assert tokens.renew(tokens.get()) == "98_token-2"
    assert platform.forced() == 1


def test_force_is_used_at_most_every_thirty_seconds(
    platform: Platform, process: Callable[[], AccessTokens], clock: Clock
) -> None:
    first = process().get()
    second = process().renew(first)
    clock.time += 29
    assert process().renew(second) == second
    assert platform.forced() == 1
    clock.time += 2
    assert process().renew(second) == "98_token-3"
    assert platform.forced() == 2


def test_force_is_used_at_most_twenty_times_a_day(
    platform: Platform, process: Callable[[], AccessTokens], clock: Clock
) -> None:
    platform.lifetime = 200_000
    token = process().get()
    for _ in range(25):
        clock.time += 60
        token = process().renew(token)
    assert platform.forced() == 20
    clock.time += 86_400
    process().renew(token)
    assert platform.forced() == 21


def test_a_classic_token_is_asked_for_by_get(
    platform: Platform, credentials: Credentials, store: MemoryTokenStore, transport: Transport
) -> None:
    tokens = AccessTokens(credentials, store, transport, kind="classic")
    first = tokens.get()
    assert tokens.renew(first) == "98_token-2"
    assert [request.method for request in platform.requests] == ["GET", "GET"]
    assert platform.calls() == {CLASSIC: 2}


def test_an_address_missing_from_the_whitelist_is_named(
    platform: Platform, process: Callable[[], AccessTokens]
) -> None:
    text = "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 1-2-3"
    platform.routes[STABLE] = lambda request: answer(errcode=40164, errmsg=text)
    with pytest.raises(ApiError) as refused:
        process().get()
    assert refused.value.client_ip == "203.0.113.9"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"access_token": "", "expires_in": 7200},
        {"access_token": "98_x"},
        {"access_token": "98_x", "expires_in": "soon"},
        {"access_token": "98_x", "expires_in": 0},
    ],
)
def test_an_answer_without_a_token_is_not_taken_for_one(
    platform: Platform,
    process: Callable[[], AccessTokens],
    store: MemoryTokenStore,
    fields: dict[str, object],
) -> None:
    platform.routes[STABLE] = lambda request: answer(**fields)
    with pytest.raises(TransportError):
        process().get()
    assert store.load(NAME) is None


def test_a_kind_of_token_nobody_knows_is_refused(
    credentials: Credentials, store: MemoryTokenStore, transport: Transport
) -> None:
    with pytest.raises(ValueError, match="stable, classic"):
        AccessTokens(credentials, store, transport, kind="eternal")


def test_a_store_drops_only_the_value_it_was_told() -> None:
    store = MemoryTokenStore()
    store.save("a", Token("new", 1.0))
    store.drop("a", "old")
    assert store.load("a") == Token("new", 1.0)
    store.drop("a", "new")
    assert store.load("a") is None


def test_tickets_are_shared_and_repaired_like_tokens(
    platform: Platform, client: Client, store: MemoryTokenStore
) -> None:
    def ticket(_: Request) -> Reply:
        return answer(errcode=0, errmsg="ok", ticket=f"ticket-{platform.calls()[path]}", expires_in=7200)

    path = "/cgi-bin/ticket/getticket"
    platform.routes[path] = ticket
    mine, theirs = JsApiTickets(client, store), JsApiTickets(client, store)
    assert at_once([mine.get, theirs.get] * 10) == ["ticket-1"] * 20
    assert mine.renew("ticket-1") == "ticket-2"
    assert theirs.renew("ticket-1") == "ticket-2"
    assert platform.calls()[path] == 2


def test_tokens_do_not_show_themselves(credentials: Credentials) -> None:
    assert credentials.secret not in repr(credentials)
    assert "98_" not in repr(Token("98_x", 1.0))
