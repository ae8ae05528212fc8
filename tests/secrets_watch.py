"""The search for secrets in the logs and traces of each test, in the production format."""

import logging
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from structlog.stdlib import ProcessorFormatter

from config.logs import logging_config

# The secrets of the tests' accounts and merchants, and texts with the form of a secret.
SECRETS = re.compile(
    r"0123456789abcdef0123456789abcdef|benchtoken|abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|whsec_[A-Za-z0-9+/]"
    r"|(?:access_token|refresh_token|appsecret|api_?v3_?key)\W{1,8}(?!\*\*\*)[A-Za-z0-9_\-]{12,}"
    # Of Django: with the query of its address.
    r"|<[A-Z]+Request: |Authorization\W{1,4}(?:WECHATPAY2|Bearer|Basic)"
)


class Watch(logging.Handler):
    """A log handler that keeps lines with a secret."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        options: dict[str, Any] = dict(logging_config(readable=False)["formatters"]["structured"])
        options.pop("()")
        self.setFormatter(ProcessorFormatter(**options))
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if SECRETS.search(line):
            self.found.append(line)


class WatchedSpans:
    """A collector of traces that keeps spans with a secret."""

    def __init__(self) -> None:
        self.found: list[str] = []

    @contextmanager
    def span(self, name: str, trace: str, attributes: dict[str, Any]) -> Iterator[str]:
        self._check(name, attributes)
        # The format of a trace without a collector.
        digits = f"{random.getrandbits(192):048x}"
        yield trace or f"00-{digits[:32]}-{digits[32:]}-00"

    def past(self, name: str, seconds: float, attributes: dict[str, Any]) -> None:
        self._check(name, attributes)

    def describe(self, attributes: dict[str, Any]) -> None:
        self._check("", attributes)

    def _check(self, name: str, attributes: dict[str, Any]) -> None:
        text = f"{name} {attributes}"
        if SECRETS.search(text):
            self.found.append(text)
