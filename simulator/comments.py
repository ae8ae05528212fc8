"""Comments under articles, and what the account did with them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Comment:
    """A comment; `chosen` ones are shown first. Times are Unix seconds."""

    id: int
    openid: str
    content: str
    at: int
    chosen: bool = False
    reply: str = ""
    replied_at: int = 0


@dataclass(slots=True)
class Comments:
    """The comments by "msg_data_id index" of their article; articles in `closed` take none."""

    of: dict[str, list[Comment]] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
