"""The recorded samples and test vectors."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from wechat.sdk.envelope import CallbackKeys, Mode

DATA = Path(__file__).parent.parent / "data" / "wechat"

INDEX: list[dict[str, Any]] = json.loads((DATA / "index.json").read_text("utf-8"))["items"]
PUSHES = [item for item in INDEX if item["kind"] in ("message", "event")]
REPLIES = [item for item in INDEX if item["kind"] == "reply"]
VECTORS: dict[str, Any] = json.loads((DATA / "vectors" / "callback_crypto.json").read_text("utf-8"))


def label(vector: dict[str, Any]) -> str:
    """Returns the name of a vector in a test run."""
    return str(vector.get("id") or vector.get("kind") or vector.get("appid"))


def sample(name: str) -> bytes:
    return (DATA / name).read_bytes()


def event(name: str) -> bytes:
    return sample(f"callbacks/event_{name}.xml")


def keys(vector: dict[str, Any], **changes: Any) -> CallbackKeys:
    values = {
        "appid": vector["appid"],
        "token": vector["token"],
        "aes_key": vector["encoding_aes_key"],
        "mode": Mode.SAFE,
    }
    return CallbackKeys(**{**values, **changes})


def query(vector: dict[str, Any]) -> dict[str, str]:
    return dict(parse_qsl(vector["query"]))
