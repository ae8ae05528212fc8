from collections.abc import Iterator

import pytest
import requests

from tests.sdk.memory_tokens import MemoryTokenStore
from tests.sdk.platform import APPID, SECRET, Platform, serving
from wechat.sdk.client import Client
from wechat.sdk.tokens import AccessTokens, Credentials
from wechat.sdk.transport import Transport


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def base(platform: Platform) -> Iterator[str]:
    with serving(platform) as base:
        yield base


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def transport(base: str, session: requests.Session) -> Transport:
    return Transport(base, session)


@pytest.fixture
def credentials() -> Credentials:
    return Credentials(APPID, SECRET)


@pytest.fixture
def store() -> MemoryTokenStore:
    return MemoryTokenStore()


@pytest.fixture
def client(base: str, session: requests.Session, credentials: Credentials, store: MemoryTokenStore) -> Client:
    tokens = AccessTokens(credentials, store, Transport(base, session))
    return Client(credentials, tokens, base, session=session)
