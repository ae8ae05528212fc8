"""What a channel would say, as a chat shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django_stubs_ext import StrOrPromise

from wechat.channels import welcomes
from wechat.channels.models import Channel, Welcome
from wechat.contents.scripts import Said, arrange
from wechat.contents.variables import Values, expand
from wechat.inbox.bubbles import Bubble
from wechat.replies.tester_page import bubble


@dataclass(frozen=True, slots=True)
class Answer:
    """``now`` at once, ``later`` as customer-service messages."""

    now: Bubble | None
    later: Sequence[Bubble]


@dataclass(frozen=True, slots=True)
class Greeting:
    """Of several ``answers`` one is drawn at random."""

    audience: StrOrPromise
    answers: Sequence[Answer]


def of(channel: Channel) -> list[Greeting]:
    rows = list(channel.welcomes.select_related("asset", "cover"))
    return [
        Greeting(
            audience.label, _answers(channel, audience, [row for row in rows if row.audience == audience])
        )
        for audience in Welcome.Audience
    ]


def _answers(channel: Channel, audience: Welcome.Audience, rows: list[Welcome]) -> list[Answer]:
    script = welcomes.script(channel, audience, rows)
    now = timezone.localtime()
    values = Values("oTester", "", channel.account.name, f"{now:%Y-%m-%d}", f"{now:%H:%M}")
    spoken = [each for content in script.contents if (each := expand(content, values)) is not None]
    drawn = [[each] for each in spoken] if script.one_at_random else [spoken]
    return [_answer(arrange(contents)) for contents in drawn if contents]


def _answer(said: Said) -> Answer:
    return Answer(bubble(said.now) if said.now else None, [bubble(each) for each in said.later])
