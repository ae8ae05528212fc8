"""The platform's own customer service: its workers, their sessions and records.

WeChat reference 8.4 Workers, 8.5 Sessions, 8.6 Records.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wechat.sdk.answers import identifier, number, rows, seconds, text
from wechat.sdk.client import Client

RECORDS_A_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class ServiceWorker:
    """A worker: ``account`` is name@account; ``online`` tells whether they can take a session now."""

    account: str
    nickname: str
    wechat_id: str
    invited: str
    invite_status: str
    online: bool = False
    serving: int = 0


@dataclass(frozen=True, slots=True)
class WaitingFollower:
    """A follower whom no worker serves yet; ``since`` in Unix seconds."""

    openid: str
    since: int


@dataclass(frozen=True, slots=True)
class SessionMessage:
    """One message of a session; ``at`` in Unix seconds."""

    openid: str
    worker: str
    by_worker: bool
    text: str
    at: int


def workers(client: Client) -> list[ServiceWorker]:
    """Returns all workers, with a mark for those online."""
    online = {
        text(each, "kf_account"): number(each, "accepted_case")
        for each in rows(client.get("/cgi-bin/customservice/getonlinekflist"), "kf_online_list")
    }
    listed = rows(client.get("/cgi-bin/customservice/getkflist"), "kf_list")
    return [_worker(each, online) for each in listed if text(each, "kf_account")]


def add_worker(client: Client, account: str, nickname: str) -> None:
    """Adds a worker.

    Raises ApiError 65405 above 100 workers, 65406 for a taken name and others of 654xx.
    """
    client.post("/customservice/kfaccount/add", {"kf_account": account, "nickname": nickname})


def rename_worker(client: Client, account: str, nickname: str) -> None:
    client.post("/customservice/kfaccount/update", {"kf_account": account, "nickname": nickname})


def delete_worker(client: Client, account: str) -> None:
    client.post("/customservice/kfaccount/del", {"kf_account": account})


def invite_worker(client: Client, account: str, wechat_id: str) -> None:
    """Invites a person by WeChat id, who has to accept before the worker can serve."""
    client.post("/customservice/kfaccount/inviteworker", {"kf_account": account, "invite_wx": wechat_id})


def create_session(client: Client, account: str, openid: str) -> None:
    """Opens a session of a worker with a follower.

    Raises ApiError 65402 or 65415 while the worker is not bound or not online.
    """
    client.post("/customservice/kfsession/create", {"kf_account": account, "openid": openid})


def close_session(client: Client, account: str, openid: str) -> None:
    client.post("/customservice/kfsession/close", {"kf_account": account, "openid": openid})


def sessions_of(client: Client, account: str) -> list[str]:
    """Returns the openids that a worker serves."""
    answer = client.get("/customservice/kfsession/getsessionlist", {"kf_account": account})
    openids = [identifier(each, "openid") for each in rows(answer, "sessionlist")]
    return [each for each in openids if each]


def waiting(client: Client) -> list[WaitingFollower]:
    """Returns at most 100 followers who wait, the longest first."""
    listed = rows(client.get("/customservice/kfsession/getwaitcase"), "waitcaselist")
    return [
        WaitingFollower(openid, seconds(each, "latest_time"))
        for each in listed
        if (openid := identifier(each, "openid"))
    ]


def records(client: Client, start: int, end: int) -> Iterator[SessionMessage]:
    """Yields the messages of workers and followers between two Unix times, at most 24 hours apart.

    Raises ApiError 65417 for a longer period.
    """
    message_id, following, count = 0, 1, RECORDS_A_PAGE
    while count == RECORDS_A_PAGE and following > message_id:
        message_id = following
        asked = {"starttime": start, "endtime": end, "msgid": message_id, "number": RECORDS_A_PAGE}
        answer = client.post("/customservice/msgrecord/getmsglist", asked)
        yield from map(_record, rows(answer, "recordlist"))
        following, count = number(answer, "msgid"), number(answer, "number")


def _worker(listed: dict[str, Any], online: dict[str, int]) -> ServiceWorker:
    account = text(listed, "kf_account")
    return ServiceWorker(
        account=account,
        nickname=text(listed, "kf_nick"),
        wechat_id=text(listed, "kf_wx"),
        invited=text(listed, "invite_wx"),
        invite_status=text(listed, "invite_status"),
        online=account in online,
        serving=online.get(account, 0),
    )


def _record(fields: dict[str, Any]) -> SessionMessage:
    return SessionMessage(
        openid=identifier(fields, "openid"),
        worker=text(fields, "worker"),
        by_worker=number(fields, "opercode") == 2002,
        text=text(fields, "text"),
        at=seconds(fields, "time"),
    )
