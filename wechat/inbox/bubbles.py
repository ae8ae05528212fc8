"""The bubbles of a chat: one data structure for every kind of message and content."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.followers.labels import name_of
from wechat.console.phrases import labelled
from wechat.inbox.models import InboundMedia
from wechat.sdk import content as sdk_content
from wechat.sdk import messages as sdk_messages


@dataclass(frozen=True, slots=True)
class Part:
    """The content of a bubble.

    ``kind`` chooses the look; texts come from followers or editors and are escaped by the page. ``media_id``
    is a file of the platform, ``link`` the address of a card, ``choices`` are the options that can be tapped,
    and ``closing`` is the text below them.
    """

    kind: str
    text: str = ""
    title: str = ""
    link: str = ""
    media_id: str = ""
    choices: Sequence[str] = ()
    closing: str = ""

    @property
    def is_web_link(self) -> bool:
        return self.link.startswith(("https://", "http://"))

    @property
    def has_links(self) -> bool:
        """Returns whether the text of this part may contain links; notes and descriptions may not."""
        return self.kind in ("text", "menu")


@dataclass(frozen=True, slots=True)
class Repeat:
    """The option to send a message again; ``link`` is the page that first says what will happen.

    ``surely_missed`` is false for a message that may have arrived after all.
    """

    key: int
    link: str
    surely_missed: bool


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message as a chat shows it.

    ``ours``: the bubble is on the account's side. ``status`` is good, warn or bad and colours ``note``.
    ``reason`` is why the message was not sent; ``picture`` is the address of a picture that staff sent.
    """

    at: datetime.datetime
    ours: bool
    part: Part
    note: StrOrPromise = ""
    note_link: str = ""
    status: str = ""
    source_link: str = ""
    reason: StrOrPromise = ""
    repeat: Repeat | None = None
    row_id: int | None = None
    media: InboundMedia | None = None
    still: InboundMedia | None = None
    picture: str = ""


def of_content(content: sdk_content.Content) -> Part:
    """Returns the part of a bubble that shows a content of ours."""
    match content:
        case sdk_content.Text():
            return Part("text", content.content)
        case sdk_content.Image() | sdk_content.Voice():
            return Part(content.type, media_id=content.media_id)
        case sdk_content.Video():
            return Part("video", content.description, content.title, media_id=content.media_id)
        case sdk_content.Music():
            return Part("music", content.description, content.title, content.music_url)
        case sdk_content.News():
            first = content.articles[0] if content.articles else sdk_content.NewsArticle("")
            return Part("news", first.description, first.title, first.url)
        case sdk_content.MenuMessage():
            choices = [item.content for item in content.items]
            return Part("menu", content.head, choices=choices, closing=content.tail)
        case sdk_content.TransferToService():
            return Part("system", _("Handed over to customer service."))
        case sdk_content.MiniProgramPage() | sdk_content.ArticleMessage() | sdk_content.Card():
            return _card(content)


def ours(content: sdk_content.Content) -> Bubble:
    """Returns the bubble of a content as it would be sent now."""
    return Bubble(timezone.now(), ours=True, part=of_content(content))


def _card(content: sdk_content.MiniProgramPage | sdk_content.ArticleMessage | sdk_content.Card) -> Part:
    match content:
        case sdk_content.MiniProgramPage():
            return Part("card", content.pagepath, content.title)
        case sdk_content.ArticleMessage():
            return Part("card", content.article_id, _("Published article"))
        case sdk_content.Card():
            return Part("card", content.card_id, _("Coupon"))


def of_message(message: sdk_messages.Message) -> Part:
    """Returns the part of a bubble that shows a message or an event of a follower."""
    match message:
        case sdk_messages.Text():
            return Part("text", message.content)
        case sdk_messages.Image():
            return Part("image", media_id=message.media_id)
        case sdk_messages.Voice():
            return Part("voice", message.recognition, media_id=message.media_id)
        case sdk_messages.Video():
            return Part("video", media_id=message.media_id)
        case sdk_messages.Location():
            return Part("location", f"{message.latitude:.5f}, {message.longitude:.5f}", message.label)
        case sdk_messages.Link():
            return Part("news", message.description, message.title, message.url)
        case sdk_messages.MiniProgramPage():
            return Part("card", message.pagepath, message.title)
    if message.event:
        name = str(name_of(message.kind, message.event))
        return Part("system", labelled(name, message.event_key) if message.event_key else name)
    return Part("other", message.text, str(name_of(message.kind)))
