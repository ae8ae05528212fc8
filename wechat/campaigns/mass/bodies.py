"""The bodies of mass sends in the platform's format."""

from wechat.articles.models import Draft
from wechat.campaigns.models import MassSend
from wechat.materials.models import Asset
from wechat.sdk.calls import mass


class BodyNotReady(Exception):
    """The error for a file still on its way to the platform; ``mark`` says which kind of thing is missing."""

    def __init__(self, mark: str) -> None:
        super().__init__(mark)
        self.mark = mark


def body_of(send: MassSend) -> mass.Body:
    """Returns what a mass send says.

    A video's media_id in it is still the library's. Raises ``BodyNotReady``.
    """
    if send.is_articles:
        return mass.articles(_draft(send), ignore_reprint=send.ignore_reprint)
    if send.kind == "image":
        chosen = [send.asset_id or 0, *send.pictures]
        known = Asset.objects.in_bulk(chosen)
        return mass.images([_media_id(known.get(pk)) for pk in chosen], send.recommend)
    if send.kind == "voice":
        return mass.voice(_media_id(send.asset))
    if send.kind == "video":
        return mass.video(_media_id(send.asset))
    return mass.text(str(send.content.get("content", "")))


def problem(send: MassSend) -> str:
    """Returns the mark of what keeps it from being sent, or the empty text."""
    try:
        body_of(send)
    except BodyNotReady as error:
        return error.mark
    return ""


def _draft(send: MassSend) -> str:
    draft = send.draft
    if draft is None or not draft.media_id or draft.is_changed or draft.state != Draft.State.SAVED:
        raise BodyNotReady("draft")
    if send.is_article_changed:
        raise BodyNotReady("changed")
    return draft.media_id


def _media_id(asset: Asset | None) -> str:
    if asset is None or not asset.media_id:
        raise BodyNotReady("file")
    return asset.media_id
