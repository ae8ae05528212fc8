"""The table of results, and the page that contains it."""

from __future__ import annotations

from pathlib import Path

BEGIN, END = "<!-- table -->", "<!-- end of table -->"
LONGEST_REASON = 110


def written(found: dict[str, dict[str, str]], versions: dict[str, str], pay: set[str]) -> str:
    """Returns the result as Markdown.

    It has a table of clients for official accounts, one of clients for WeChat Pay, and reasons of the gaps.
    """
    first = {name: flows for name, flows in found.items() if name not in pay}
    second = {name: flows for name, flows in found.items() if name in pay}
    parts = [grid(each, versions) for each in (first, second) if each]
    gaps = [
        f"- {client}, {flow}: {reason[:LONGEST_REASON]}"
        for client, flows in found.items()
        for flow, reason in flows.items()
        if reason
    ]
    if gaps:
        parts.append("What does not pass, and the error of each:\n\n" + "\n".join(gaps))
    return "\n\n".join(parts)


def grid(found: dict[str, dict[str, str]], versions: dict[str, str]) -> str:
    flows = list(dict.fromkeys(flow for each in found.values() for flow in each))
    heads = [f"{name} {versions.get(name, '')}".strip() for name in found]
    lines = [f"| | {' | '.join(heads)} |", f"|---|{'---|' * len(found)}"]
    for flow in flows:
        marks = [mark(each.get(flow)) for each in found.values()]
        lines.append(f"| {flow} | {' | '.join(marks)} |")
    sums = [f"{sum(not reason for reason in each.values())}/{len(each)}" for each in found.values()]
    lines.append(f"| **passed** | {' | '.join(sums)} |")
    return "\n".join(lines)


def mark(reason: str | None) -> str:
    """Returns the mark of a client in a row, empty if the client does not have the call."""
    if reason is None:
        return "–"
    return "no" if reason else "yes"


def keep(path: Path, text: str) -> None:
    """Replaces the text between the two markers of the page."""
    page = path.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
