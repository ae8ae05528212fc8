"""The comments on articles, with their replies and states."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Comment:
    """A comment; ``chosen`` marks a featured one. Times are Unix seconds."""

    id: int
    openid: str
    content: str
    at: int
    chosen: bool = False
    reply: str = ""
    replied_at: int = 0


@dataclass(slots=True)
class Comments:
    """The comments by "msg_data_id index" of their article; articles in ``closed`` accept none."""

    of: dict[str, list[Comment]] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
