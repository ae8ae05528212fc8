from pathlib import Path

import pytest

from tests.stack.checkout import Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "local")
