"""The API of publications: publishing a draft, and its result (WeChat reference 12.4)."""

from __future__ import annotations

import asyncio
import secrets

from simulator.api.calls import OK, Answer, Call, api
from simulator.api.drafts import paged, wanted
from simulator.drafts import DELETED, DONE, RUNNING, Publication
from simulator.errors import ApiError
from simulator.world import Account, World

# One of so many followers reads what was published without a message to them.
SEEN_BY = 2
# Ten digits, as the platform's have.
FIRST_PUBLISH_ID, FIRST_DATA_ID = 2_247_000_000, 2_247_483_000


def may_publish(account: Account) -> bool:
    return account.verified or account.kind == "service"


@api("POST", "/cgi-bin/freepublish/submit", right=may_publish)
def submit(call: Call) -> Answer:
    """Publishes a draft and removes it from the draft box; the result is sent as PUBLISHJOBFINISH."""
    draft = wanted(call)
    number, data_id = (start + call.world.next_number() for start in (FIRST_PUBLISH_ID, FIRST_DATA_ID))
    publication = Publication(str(number), str(data_id), draft.articles, int(call.world.now))
    room = call.account.newsroom
    room.publications[publication.publish_id] = publication
    del room.drafts[draft.media_id]
    call.pusher.start_task(finish(call, publication))
    return {**OK, "publish_id": int(publication.publish_id), "msg_data_id": int(publication.msg_data_id)}


async def finish(call: Call, publication: Publication) -> None:
    await asyncio.sleep(call.world.settings.result_event_delay)
    publication.status = call.account.newsroom.outcome
    answer: dict[str, object] = {
        "publish_id": publication.publish_id,
        "publish_status": publication.status,
    }
    if publication.status == DONE:
        publication.article_id = secrets.token_urlsafe(24)
        publication.reached = call.world.follower_list(call.account).total // SEEN_BY
        answer |= {
            "article_id": publication.article_id,
            "article_detail": detail(call.world, call.account, publication),
        }
    call.pusher.report_later(
        call.account,
        "oMassHelper0mphelper00000000",
        {"Event": "PUBLISHJOBFINISH", "PublishEventInfo": answer},
    )


def address(world: World, account: Account, publication: Publication, number: int) -> str:
    return f"{world.addresses.mp}/s/{publication.article_id or publication.publish_id}-{number}"


def detail(world: World, account: Account, publication: Publication) -> dict[str, object]:
    items = [
        {"idx": number, "article_url": address(world, account, publication, number)}
        for number in range(1, len(publication.articles) + 1)
    ]
    return {"count": len(items), "item": items}


def publication_of(call: Call) -> Publication:
    found = call.account.newsroom.publications.get(str(call.body.get("publish_id", "")))
    if found is None:
        raise ApiError(53600)
    return found


@api("POST", "/cgi-bin/freepublish/get", right=may_publish)
def get(call: Call) -> Answer:
    publication = publication_of(call)
    answer = {"publish_id": publication.publish_id, "publish_status": publication.status, "fail_idx": []}
    if publication.status in (DONE, DELETED):
        answer["article_id"] = publication.article_id
        answer["article_detail"] = detail(call.world, call.account, publication)
    return answer


@api("POST", "/cgi-bin/freepublish/batchget", right=may_publish)
def page(call: Call) -> Answer:
    out = [each for each in call.account.newsroom.publications.values() if each.status == DONE]
    out.sort(key=lambda each: -each.updated_at)
    return paged(call, out, lambda each: {"article_id": each.article_id})


@api("POST", "/cgi-bin/freepublish/getarticle", right=may_publish)
def article(call: Call) -> Answer:
    found = published(call)
    items = [
        {
            **each,
            "url": address(call.world, call.account, found, number),
            "is_deleted": number in found.deleted,
        }
        for number, each in enumerate(found.articles, start=1)
    ]
    return {"news_item": items}


@api("POST", "/cgi-bin/freepublish/delete", right=may_publish)
def delete(call: Call) -> Answer:
    found, number = published(call), call.whole("index", 0)
    everything = range(1, len(found.articles) + 1)
    found.deleted = sorted({*found.deleted, *([number] if number in everything else everything)})
    if len(found.deleted) == len(found.articles):
        found.status = DELETED
    return OK


def published(call: Call) -> Publication:
    found = call.account.newsroom.by_article(call.text("article_id", 53600))
    if found is None or found.status == RUNNING:
        raise ApiError(53600)
    return found
