"""The layout of WeChat's own web pages, on a phone and in a browser."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse, Response

PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>{script}<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.6 system-ui, "PingFang SC", "Noto Sans CJK SC", sans-serif; margin: 0;
  padding: 48px 24px; text-align: center; background: Canvas; color: CanvasText }}
h1 {{ font-size: 18px }}
form {{ display: grid; gap: 12px; max-width: 240px; margin: 32px auto }}
button {{ font: inherit; padding: 10px; border: 0; border-radius: 8px; background: #8882; color: inherit }}
.yes {{ background: #07a34f; color: #fff }}
.small {{ font-size: 13px }}
.wide {{ max-width: 420px; text-align: left }}
fieldset {{ border: 1px solid #8884; border-radius: 8px; padding: 8px 12px; display: grid; gap: 4px }}
label {{ display: flex; gap: 8px; align-items: baseline }}
code {{ font: 13px ui-monospace, monospace; overflow-wrap: anywhere }}
</style></head><body>{body}</body></html>"""
IN_WEBVIEW = '<script src="/.webview/script.js"></script>'


def page(title: str, body: str, *, script: str = IN_WEBVIEW) -> Response:
    return HTMLResponse(PAGE.format(title=escape(title), body=body, script=script))


def refusal(text: str, *, script: str = IN_WEBVIEW) -> Response:
    return page("无法打开网页", f"<h1>无法打开网页</h1><p>{escape(text)}</p>", script=script)
