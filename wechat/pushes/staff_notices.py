"""The notices to staff in their own WeChat when something new waits for them, if they asked for it.

They are sent by the account's automatic message for the event ``staff.waiting``. At night none are sent:
what came up in the meantime is sent in the morning.
"""

import datetime
from collections.abc import Sequence
from hashlib import sha256

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.followers.models import OwnWeChat
from accounts.official.models import OfficialAccount
from accounts.staff import todo
from accounts.staff.todo import TodoItem
from wechat.kernel import work
from wechat.pushes import event_templates
from wechat.pushes.event_templates import Word
from wechat.pushes.models import EventTemplate, StaffNotice

EVENT = "staff.waiting"
EVERY = datetime.timedelta(minutes=5)
MORNING, EVENING = 8, 22
LONGEST_TEXT = 60

event_templates.register(
    EVENT,
    gettext_lazy("Something waits for a colleague, who is told in their own WeChat"),
    {
        "number": Word(gettext_lazy("how much waits"), "3"),
        "what": Word(gettext_lazy("what waits"), "退款等待第二人审批、未回复的会话"),
        "account": Word(gettext_lazy("account"), "演示服务号"),
        "time": Word(gettext_lazy("time"), "2026-02-07 10:00"),
    },
)

NOTICES = work.Kind(
    "pushes.notify_staff",
    lambda: StaffNotice.objects.select_related("user", "account"),
    label=gettext_lazy("Telling colleagues what waits for them"),
    lease=datetime.timedelta(minutes=1),
    queue=work.BULK,
    # Nobody would notice that they are told nothing any more.
    gives_up=False,
)


def of(user: User, account: OfficialAccount) -> StaffNotice | None:
    return StaffNotice.objects.filter(user=user, account=account).first()


def switch_on(user: User, account: OfficialAccount) -> None:
    """Switches the notices on; only what comes up from now on is told, not what waits already."""
    counted = {each.name: each.number for each in todo.waiting(user, account.pk)}
    StaffNotice.objects.update_or_create(
        user=user, account=account, defaults={"counted": counted, "due_at": timezone.now() + EVERY}
    )


def switch_off(user: User, account: OfficialAccount) -> None:
    StaffNotice.objects.filter(user=user, account=account).delete()


def own_openid(user: User, account: OfficialAccount) -> str:
    """Returns the openid that the user bound as their own, or the empty text."""
    bound = OwnWeChat.objects.filter(user=user, account=account)
    return bound.values_list("openid", flat=True).first() or ""


def has_template(account: OfficialAccount) -> bool:
    """Returns whether the account has a usable automatic message for the notices."""
    ready = EventTemplate.objects.filter(account=account, event=EVENT, enabled=True)
    return ready.filter(template__missing_since=None).exclude(values={}).exists()


@NOTICES.each
def check(notice: StaffNotice) -> None:
    """Sends a notice if more waits than at the last look, and schedules the next look."""
    now = timezone.localtime()
    if not MORNING <= now.hour < EVENING:
        notice.done(due_at=now + EVERY)
        return
    waiting = todo.waiting(notice.user, notice.account_id)
    if new := [each for each in waiting if each.number > notice.counted.get(each.name, 0)]:
        _notify(notice, new, now)
    notice.done(due_at=now + EVERY, counted={each.name: each.number for each in waiting})


def _notify(notice: StaffNotice, new: Sequence[TodoItem], now: datetime.datetime) -> None:
    openid = own_openid(notice.user, notice.account)
    if not openid:
        return
    numbers = "+".join(f"{each.name}={each.number}" for each in new)
    event_templates.happened(
        notice.account,
        EVENT,
        openid,
        {
            "number": todo.shown(sum(each.number for each in new)),
            "what": "、".join(str(each.kind.title) for each in new)[:LONGEST_TEXT],
            "account": notice.account.name,
            "time": f"{now:%Y-%m-%d %H:%M}",
        },
        # The key makes a turn that is repeated after a kill send the same notice once.
        # A digest, as a night may bring many kinds.
        key=f"{EVENT}:{notice.pk}:{sha256(numbers.encode()).hexdigest()[:16]}:{now:%Y%m%d%H}",
        url=f"{settings.PUBLIC_URL}{reverse('todo')}",
    )
