"""The preview of a channel's welcome as a chat."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django_stubs_ext import StrOrPromise

from wechat.channels import welcomes
from wechat.channels.models import Channel, Welcome
from wechat.contents.scripts import ReplyPlan, arrange, filled
from wechat.contents.variables import of_follower
from wechat.inbox.bubbles import Bubble, ours

STRANGER = "oTester"


@dataclass(frozen=True, slots=True)
class PreviewedReply:
    """A reply as it is previewed: ``now`` at once, ``later`` as customer-service messages."""

    now: Bubble | None
    later: Sequence[Bubble]


@dataclass(frozen=True, slots=True)
class Greeting:
    """The welcome that an audience of a channel gets; of several ``answers`` one is drawn at random."""

    audience: StrOrPromise
    answers: Sequence[PreviewedReply]


def of(channel: Channel) -> list[Greeting]:
    rows = list(channel.welcomes.select_related("asset", "cover"))
    return [
        Greeting(
            audience.label, _answers(channel, audience, [row for row in rows if row.audience == audience])
        )
        for audience in Welcome.Audience
    ]


def _answers(channel: Channel, audience: Welcome.Audience, rows: list[Welcome]) -> list[PreviewedReply]:
    script = welcomes.script(channel, audience, rows)
    values = of_follower(channel.account, STRANGER, timezone.now(), script.variables)
    spoken = filled(script.contents, values)
    drawn = [[each] for each in spoken] if script.one_at_random else [spoken]
    return [_answer(arrange(contents)) for contents in drawn if contents]


def _answer(plan: ReplyPlan) -> PreviewedReply:
    return PreviewedReply(ours(plan.now) if plan.now else None, [ours(each) for each in plan.later])
