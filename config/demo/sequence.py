"""The demo's sequence for new followers: messages of the first days and a branch on whether they bought.

It is switched off.
"""

import datetime

from accounts.followers.segments import Condition
from accounts.official.models import OfficialAccount
from wechat.campaigns.models import Sequence, SequenceStep

Lane, Type, Unit = SequenceStep.Lane, SequenceStep.Type, SequenceStep.Unit
MORNING = datetime.time(10)
BOUGHT = Condition(field="orders.count", compare="least", value="1")


def set_up(account: OfficialAccount) -> None:
    if Sequence.objects.filter(account=account).exists():
        return
    sequence = Sequence.objects.create(account=account, name="新粉丝的头一周", stop_on_reply=False)
    steps = SequenceStep.objects
    steps.create(
        sequence=sequence, position=0, wait=1, unit=Unit.HOURS,
        content=_text("对了，回复“会员”就能领取会员礼。"),
    )  # fmt: skip
    branch = steps.create(
        sequence=sequence, position=1, type=Type.BRANCH, wait=2, unit=Unit.DAYS, at_time=MORNING,
        conditions=[BOUGHT], content={},
    )  # fmt: skip
    steps.create(
        sequence=sequence, position=2, branch=branch, lane=Lane.YES,
        content=_text("{remark|朋友}，谢谢您报名手工课！带上好心情就行，材料我们都备好了。"),
    )  # fmt: skip
    steps.create(
        sequence=sequence, position=3, branch=branch, lane=Lane.NO,
        content=_text("{remark|朋友}，周末手工课还有名额，回复“手工课”就能报名。"),
    )  # fmt: skip


def _text(content: str) -> dict[str, str]:
    return {"type": "text", "content": content}
