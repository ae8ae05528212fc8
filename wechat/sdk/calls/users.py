"""The calls for followers: lists, profiles, remarks, the blacklist. WeChat reference 6.1 to 6.4 and 6.6."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wechat.sdk.answers import identifier, needed_number, needed_rows, part, texts
from wechat.sdk.client import Client
from wechat.sdk.openids import is_openid

# The most openids one call takes.
INFO_BATCH = 100
BLACKLIST_BATCH = 20
# A remark has fewer bytes than this.
REMARK_BYTES = 30


@dataclass(frozen=True, slots=True)
class OpenidPage:
    """A page of a list; ``cursor`` is for the next page, and empty at the end.

    ``total`` is the platform's total.
    """

    openids: Sequence[str]
    cursor: str
    total: int

    @classmethod
    def of(cls, answer: dict[str, Any], api: str) -> "OpenidPage":
        """Returns the page in an answer; ``data`` is absent from an empty page.

        Raises TransportError for an answer without a total: it does not say that there is nobody.
        """
        openids = [each for each in texts(part(answer, "data"), "openid") if is_openid(each)]
        cursor = identifier(answer, "next_openid") if openids else ""
        return cls(openids, cursor, needed_number(answer, "total", api))


def user_get(client: Client, cursor: str = "") -> OpenidPage:
    """Returns up to 10,000 openids after the cursor, oldest follower first. 500 calls a day."""
    api = "/cgi-bin/user/get"
    return OpenidPage.of(client.get(api, {"next_openid": cursor} if cursor else {}), api)


def user_info_batch(client: Client, openids: Sequence[str]) -> list[dict[str, Any]]:
    """Returns the profiles of at most ``INFO_BATCH`` openids; ``subscribe`` is 0 for who does not follow."""
    wanted = [{"openid": openid, "lang": "zh_CN"} for openid in openids]
    api = "/cgi-bin/user/info/batchget"
    return needed_rows(client.post(api, {"user_list": wanted}), "user_info_list", api)


def is_remark(text: str) -> bool:
    """Returns whether a text is short enough for a remark, in bytes."""
    return len(text.encode(errors="surrogatepass")) < REMARK_BYTES


def update_remark(client: Client, openid: str, remark: str) -> None:
    """Sets the remark, of less than 30 bytes (40092).

    Raises ApiError 43004 for somebody who does not follow.
    """
    client.post("/cgi-bin/user/info/updateremark", {"openid": openid, "remark": remark})


def blacklist(client: Client, cursor: str = "") -> OpenidPage:
    """Returns up to 1,000 openids of the blacklist, after the cursor."""
    api = "/cgi-bin/tags/members/getblacklist"
    return OpenidPage.of(client.post(api, {"begin_openid": cursor}), api)


def block(client: Client, openids: Sequence[str]) -> None:
    """Puts at most ``BLACKLIST_BATCH`` followers on the blacklist, so that their messages are not pushed."""
    client.post("/cgi-bin/tags/members/batchblacklist", {"openid_list": list(openids)})


def unblock(client: Client, openids: Sequence[str]) -> None:
    client.post("/cgi-bin/tags/members/batchunblacklist", {"openid_list": list(openids)})
