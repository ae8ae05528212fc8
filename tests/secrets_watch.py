"""What is logged while a test runs, as it is written in production, is searched for secrets."""

import logging
import re
from typing import Any

from structlog.stdlib import ProcessorFormatter

from config.logs import logging_config

# Of the accounts and merchants of tests, and what is a secret by its form.
SECRETS = re.compile(
    r"0123456789abcdef0123456789abcdef|benchtoken|abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|whsec_[A-Za-z0-9+/]"
    r"|(?:access_token|refresh_token|appsecret|api_?v3_?key)\W{1,8}(?!\*\*\*)[A-Za-z0-9_\-]{12,}"
    r"|Authorization\W{1,4}(?:WECHATPAY2|Bearer|Basic)"
)


class Watch(logging.Handler):
    """Keeps the lines that have a secret in them."""

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
