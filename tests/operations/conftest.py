import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from structlog.stdlib import ProcessorFormatter

from config.logs import logging_config

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Yields a function that returns the lines logged so far, in the production format."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    options = dict(logging_config(readable=False)["formatters"]["structured"])
    options.pop("()")
    handler.setFormatter(ProcessorFormatter(**options))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)
