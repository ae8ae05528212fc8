"""The OpenAPI document as a judge of answers: each is described, and the guides name its code."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema
from drf_spectacular.generators import SchemaGenerator

from config.embedded import PROJECT

GUIDES = [(PROJECT / "docs" / name).read_text() for name in ("api.md", "api.zh-CN.md")]


def check(method: str, path: str, status: int, content: bytes) -> None:
    """Raises ``AssertionError`` for an answer that the document does not describe."""
    operation = next(_operations(method, path), None)
    if operation is None:
        return
    described = operation["responses"].get(str(status))
    assert described is not None, f"{method} {path} answered {status}, which is not documented"
    if not content:
        return
    answer = json.loads(content)
    schema = described["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator({**schema, "components": document()["components"]}).validate(answer)
    if status >= 400:
        check_code(answer["error"]["code"])
        assert f"`{answer['error']['code']}`" in described["description"], (method, path, answer)


def check_code(code: str) -> None:
    """Raises ``AssertionError`` for a code that a guide does not name."""
    assert all(f"`{code}`" in guide for guide in GUIDES), (
        f"{code} is missing in docs/api.md or its translation"
    )


@cache
def document() -> Mapping[str, Any]:
    """Returns the document in the terms of JSON Schema; objects have no properties that it does not name."""
    made = SchemaGenerator(urlconf="config.urls").get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    found: Mapping[str, Any] = _strict(json.loads(json.dumps(made, default=str)))
    return found


def _operations(method: str, path: str) -> Iterator[Mapping[str, Any]]:
    for template, operations in document()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in operations:
            yield operations[method.lower()]


def _strict(part: Any) -> Any:
    if isinstance(part, list):
        return [_strict(each) for each in part]
    if not isinstance(part, dict):
        return part
    found = {name: _strict(each) for name, each in part.items()}
    if found.get("type") == "object" and isinstance(found.get("properties"), dict):
        found.setdefault("additionalProperties", False)
    if found.pop("nullable", False) is True:
        return {"anyOf": [found, {"type": "null"}]}
    return found
