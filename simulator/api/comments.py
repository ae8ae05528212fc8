"""The API of comments: opening and closing them, reading, featuring, answering and deleting."""

from __future__ import annotations

from typing import Any

from simulator.api.calls import OK, Answer, Call, api, verified
from simulator.comments import Comment
from simulator.errors import ApiError

MOST_A_PAGE, MOST_CHOSEN, LONGEST_REPLY = 50, 100, 200
ALL, ORDINARY, CHOSEN = 0, 1, 2


def article(call: Call) -> str:
    """Returns the article that a call names. Raises 88001 if it was neither sent nor published."""
    data_id, index = call.body.get("msg_data_id"), call.body.get("index", 0)
    if not isinstance(data_id, int) or not isinstance(index, int):
        raise ApiError(47001)
    known = {
        each.msg_data_id: len(each.content.get("articles", ())) for each in call.account.mass.jobs.values()
    }
    for each in call.account.newsroom.publications.values():
        known[int(each.msg_data_id)] = len(each.articles)
    if not 0 <= index < known.get(data_id, 0):
        raise ApiError(88001)
    return f"{data_id} {index}"


def comments(call: Call) -> list[Comment]:
    return call.account.comments.of.setdefault(article(call), [])


def named_comment(call: Call) -> Comment:
    """Returns the comment that a call names. Raises 88008 if there is none."""
    number = call.body.get("user_comment_id")
    found = next((each for each in comments(call) if each.id == number), None)
    if found is None:
        raise ApiError(88008)
    return found


@api("POST", "/cgi-bin/comment/open", right=verified)
def opened(call: Call) -> Answer:
    key, closed = article(call), call.account.comments.closed
    closed[:] = [each for each in closed if each != key]
    return OK


@api("POST", "/cgi-bin/comment/close", right=verified)
def closed(call: Call) -> Answer:
    call.account.comments.closed.append(article(call))
    return OK


@api("POST", "/cgi-bin/comment/list", right=verified)
def listed(call: Call) -> Answer:
    """Returns a page of an article's comments. Raises 88010 unless the count is 1 to 50."""
    begin, count, kind = call.number("begin"), call.number("count"), call.body.get("type", ALL)
    if not 0 < count <= MOST_A_PAGE or begin < 0:
        raise ApiError(88010)
    found = [each for each in comments(call) if kind == ALL or each.chosen is (kind == CHOSEN)]
    return {**OK, "total": len(found), "comment": [as_answer(each) for each in found[begin : begin + count]]}


def as_answer(each: Comment) -> dict[str, Any]:
    answer = {"reply": {"content": each.reply, "create_time": each.replied_at}} if each.reply else {}
    return {
        "user_comment_id": each.id,
        "openid": each.openid,
        "create_time": each.at,
        "content": each.content,
        "comment_type": int(each.chosen),
        **answer,
    }


@api("POST", "/cgi-bin/comment/markelect", right=verified)
def choose(call: Call) -> Answer:
    chosen = named_comment(call)
    if sum(each.chosen for each in comments(call)) >= MOST_CHOSEN:
        raise ApiError(88003)
    chosen.chosen = True
    return OK


@api("POST", "/cgi-bin/comment/unmarkelect", right=verified)
def choose_no_more(call: Call) -> Answer:
    named_comment(call).chosen = False
    return OK


@api("POST", "/cgi-bin/comment/delete", right=verified)
def delete(call: Call) -> Answer:
    comments(call).remove(named_comment(call))
    return OK


@api("POST", "/cgi-bin/comment/reply/add", right=verified)
def reply(call: Call) -> Answer:
    """Answers a comment once. Raises 88005 for a second answer, 88007 if the text is empty or too long."""
    found, content = named_comment(call), call.body.get("content")
    if not isinstance(content, str) or not 0 < len(content) <= LONGEST_REPLY:
        raise ApiError(88007)
    if found.reply:
        raise ApiError(88005)
    found.reply, found.replied_at = content, int(call.world.now)
    return OK


@api("POST", "/cgi-bin/comment/reply/delete", right=verified)
def delete_reply(call: Call) -> Answer:
    found = named_comment(call)
    found.reply, found.replied_at = "", 0
    return OK
