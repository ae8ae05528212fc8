"""The notices to colleagues, in their own WeChat, of new things that wait for them.

What is sent is the account's automatic message for the event ``staff.waiting``. By night nothing is: what
came meanwhile is told in the morning.
"""

import datetime
from collections.abc import Sequence

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
    lambda: StaffNotice.objects.filter(account__enabled=True).select_related("user", "account"),
    label=gettext_lazy("Telling colleagues what waits for them"),
    lease=datetime.timedelta(minutes=1),
    queue=work.BULK,
)


def of(user: User, account: OfficialAccount) -> StaffNotice | None:
    return StaffNotice.objects.filter(user=user, account=account).first()


def switch_on(user: User, account: OfficialAccount) -> None:
    """Has a colleague told in WeChat from now on; what waits already is not told, only what comes."""
    counted = {each.name: each.number for each in _waiting(user, account.pk)}
    StaffNotice.objects.update_or_create(
        user=user, account=account, defaults={"counted": counted, "due_at": timezone.now() + EVERY}
    )


def switch_off(user: User, account: OfficialAccount) -> None:
    StaffNotice.objects.filter(user=user, account=account).delete()


def own_openid(user: User, account: OfficialAccount) -> str:
    """Returns the follower that a colleague bound as themselves; empty for who did not."""
    bound = OwnWeChat.objects.filter(user=user, account=account)
    return bound.values_list("openid", flat=True).first() or ""


def has_template(account: OfficialAccount) -> bool:
    """Returns whether the account has a message to tell it with."""
    ready = EventTemplate.objects.filter(account=account, event=EVENT, enabled=True)
    return ready.filter(template__missing_since=None).exclude(values={}).exists()


@NOTICES.each
def look(notice: StaffNotice) -> None:
    """Tells of what is more than it was the last time, and looks again a little later."""
    now = timezone.localtime()
    if not MORNING <= now.hour < EVENING:
        notice.done(due_at=now + EVERY)
        return
    waiting = _waiting(notice.user, notice.account_id)
    if new := [each for each in waiting if each.number > notice.counted.get(each.name, 0)]:
        _notify(notice, new, now)
    notice.done(due_at=now + EVERY, counted={each.name: each.number for each in waiting})


def _notify(notice: StaffNotice, new: Sequence[TodoItem], now: datetime.datetime) -> None:
    openid = own_openid(notice.user, notice.account)
    if not openid:
        return
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
        # A turn that is repeated after a kill tells the same once.
        key=f"{EVENT}:{notice.pk}:{'+'.join(f'{each.name}={each.number}' for each in new)}:{now:%Y%m%d%H}",
        url=f"{settings.PUBLIC_URL}{reverse('todo')}",
    )


def _waiting(user: User, account_id: int) -> list[TodoItem]:
    return [each for each in todo.waiting(user) if each.account.pk == account_id]
