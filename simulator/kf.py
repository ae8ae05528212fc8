"""The platform's own customer service: workers, sessions, records (WeChat reference 8.4 to 8.6).

The state is kept with the account. A follower waits after a reply handed them over; a session begins when a
worker is assigned, and until it ends their messages go to the worker instead of the account's server.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FROM_WORKER, TO_WORKER = 2002, 2003


@dataclass(slots=True)
class Worker:
    """A customer-service account. ``wechat_id`` is who accepted the invitation to ``invite_wx``."""

    account: str
    nickname: str
    kf_id: int
    wechat_id: str = ""
    invite_wx: str = ""
    online: bool = False
    avatar: str = ""


@dataclass(slots=True)
class Session:
    worker: str
    since: int


@dataclass(slots=True)
class Record:
    openid: str
    opercode: int
    text: str
    time: int
    worker: str


@dataclass(slots=True)
class CustomerService:
    """The customer service of an account.

    ``waiting`` maps the openid of each waiting follower to the time since when they wait.
    """

    workers: dict[str, Worker] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)

    def hand_over(self, openid: str, now: float, worker: str = "") -> str:
        """Hands a follower over to the named worker if that worker is online, else to the queue."""
        named = self.workers.get(worker)
        if named and named.online and openid not in self.sessions:
            self.sessions[openid] = Session(worker, int(now))
            return worker
        if openid not in self.sessions:
            self.waiting.setdefault(openid, int(now))
        return ""

    def receive(self, openid: str, text: str, now: float) -> bool:
        """Passes a text to the worker who serves the follower; returns whether there is one."""
        session = self.sessions.get(openid)
        if session is None:
            return False
        self.records.append(Record(openid, TO_WORKER, text, int(now), session.worker))
        return True
