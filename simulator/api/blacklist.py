"""The blacklist (WeChat reference 6.6)."""

from __future__ import annotations

from simulator.api.calls import OK, Answer, Call, api, verified
from simulator.api.followers import as_page
from simulator.api.tags import followers_of
from simulator.errors import ApiError

PAGE = 1000
BATCH = 20


@api("POST", "/cgi-bin/tags/members/getblacklist", right=verified)
def listed(call: Call) -> Answer:
    openids = [each.openid for each in call.account.followers.values() if each.blacklisted]
    cursor, start = call.optional_text("begin_openid", 40003), 0
    if cursor:
        if cursor not in openids:
            raise ApiError(40003)
        start = openids.index(cursor) + 1
    return {"total": len(openids), **as_page(openids[start : start + PAGE])}


@api("POST", "/cgi-bin/tags/members/batchblacklist", right=verified)
def block(call: Call) -> Answer:
    for follower in followers_of(call, BATCH):
        follower.blacklisted = True
    return OK


@api("POST", "/cgi-bin/tags/members/batchunblacklist", right=verified)
def unblock(call: Call) -> Answer:
    for follower in followers_of(call, BATCH):
        follower.blacklisted = False
    return OK
