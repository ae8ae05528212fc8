"""The documentation of the control API: an OpenAPI document generated from its table, and a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from html import escape
from inspect import cleandoc
from typing import Any, get_args, get_origin, get_type_hints

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean", bytes: "string"}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Control API</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }}
section {{ border-top: 1px solid #8884; padding: .75rem 0 }}
h2 {{ font: 600 15px ui-monospace, monospace; margin: 0 }}
b {{ display: inline-block; min-width: 4.5rem; color: #07a34f }}
p, ul {{ margin: .25rem 0 }} code {{ font: 13px ui-monospace, monospace }}
</style></head><body><h1>Control API of the WeChat simulator</h1>
<p>Bodies and answers are JSON; a refusal is <code>{{"error": "a sentence"}}</code> with status 400 or 404.
As a document: <a href="openapi.json">openapi.json</a>.</p>{sections}</body></html>"""


# The dataclass of a body, or its fields with their JSON types.
Body = type[Any] | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Operation:
    """A route under ``/_sim``."""

    method: str
    path: str
    handler: Callable[[Any], Awaitable[Any]]
    body: Body | None = None

    @property
    def text(self) -> str:
        return cleandoc(self.handler.__doc__ or "")

    @property
    def schema(self) -> Mapping[str, Any]:
        if isinstance(self.body, type):
            return of_dataclass(self.body)
        known = {name: {"type": kind} for name, kind in (self.body or {}).items()}
        return {"type": "object", "properties": known}


def of_dataclass(kind: type[Any]) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    known = fields(kind)
    needed = [
        each.name
        for each in known
        if each.default is MISSING and each.default_factory is MISSING and each.name != "id"
    ]
    properties = {each.name: of_type(hints[each.name]) for each in known if each.name != "id"}
    about = cleandoc(kind.__doc__ or "")
    return {"type": "object", "description": about, "properties": properties, "required": needed}


def of_type(hint: Any) -> Mapping[str, Any]:
    if hint in SIMPLE:
        return {"type": SIMPLE[hint]}
    if get_origin(hint) is list:
        return {"type": "array", "items": of_type(get_args(hint)[0])}
    if get_origin(hint) is dict:
        return {"type": "object"}
    choices = [of_type(each) for each in get_args(hint) if each is not type(None)]
    return choices[0] if choices else {}


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        summary, _, more = each.text.partition("\n")
        operation: dict[str, Any] = {
            "summary": summary,
            "description": more.strip(),
            "parameters": [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in variables(each.path)
            ],
            "responses": {"200": {"description": "Done."}, "400": {"description": "Refused in a sentence."}},
        }
        if each.method in ("POST", "PUT"):
            operation["requestBody"] = {"content": {"application/json": {"schema": each.schema}}}
        paths.setdefault(f"/_sim{plain(each.path)}", {})[each.method.lower()] = operation
    about = {"title": "WeChat simulator: control API", "version": "1"}
    return {"openapi": "3.1.0", "info": about, "paths": paths}


def variables(path: str) -> list[str]:
    return [part[1:-1].partition(":")[0] for part in path.split("/") if part.startswith("{")]


def plain(path: str) -> str:
    """Returns the path without Starlette's types."""
    return path.replace(":int}", "}")


def page(operations: Iterable[Operation]) -> str:
    sections = []
    for each in operations:
        known = "".join(
            f"<li><code>{escape(name)}</code> {escape(str(schema.get('type', '')))}</li>"
            for name, schema in each.schema.get("properties", {}).items()
        )
        text = escape(each.text).replace("\n\n", "</p><p>")
        sections.append(
            f"<section><h2><b>{each.method}</b>/_sim{escape(plain(each.path))}</h2><p>{text}</p>"
            f"<ul>{known}</ul></section>"
        )
    return PAGE.format(sections="".join(sections))


async def index(request: Request) -> Response:
    return RedirectResponse(f"{str(request.url).rstrip('/')}/docs")


def routes(operations: list[Operation]) -> list[Route]:
    async def as_json(request: Request) -> Response:
        return JSONResponse(document(operations))

    async def shown(request: Request) -> Response:
        return HTMLResponse(page(operations))

    return [Route("/openapi.json", as_json), Route("/docs", shown)]
