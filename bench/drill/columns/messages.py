"""The columns of callbacks, replies, pushes, campaigns, mass sends and webhooks."""

from collections import Counter

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from bench.drill.columns.column import Column, once_each
from bench.drill.installation import FIRST, LATER, TEMPLATE, WORD
from wechat.campaigns.mass import planning
from wechat.campaigns.models import AudienceRow, Campaign, MassSend, Variant
from wechat.inbox.models import InboundMessage
from wechat.pushes.models import Push
from wechat.webhooks.models import Delivery

OPEN = (Push.State.PENDING, Push.State.SENDING)
ARRIVED = ("success", "reply", "empty")


class Writing(Column):
    """A column in which people write to the account. WeChat pushes each message up to four times."""

    def write(self, openid: str, text: str) -> None:
        path = f"/accounts/{self.there.account.appid}/events/{openid}"
        self.there.platform.sim(path, {"type": "text", "content": text, "wait": False})
        self.acts += 1


class Callbacks(Writing):
    """A column of callbacks, each of which has to be answered, and recorded once."""

    name = "callback"
    pause = 0.4

    def act(self, number: int) -> None:
        self.write(self.person(0), f"你好 {number}")

    def waiting(self) -> int:
        recorded = InboundMessage.objects.filter(account=self.there.account, openid=self.person(0))
        return sum(not each for each in self._taken()) + recorded.filter(handled_at=None).count()

    def wrong(self) -> list[str]:
        rows = InboundMessage.objects.filter(account=self.there.account, openid=self.person(0))
        texts = Counter(rows.values_list("text", flat=True))
        refused = sum(not each for each in self._taken())
        return [
            *_unhandled(rows),
            *([f"{refused} callbacks were given up by the platform"] if refused else []),
            *once_each("recorded", [f"你好 {number}" for number in range(self.acts)], texts),
        ]

    def _taken(self) -> list[bool]:
        """Returns for each message whether one of its delivery attempts was answered."""
        path = f"/accounts/{self.there.account.appid}/deliveries?openid={self.person(0)}"
        entries = self.there.platform.get(path)["entries"]
        return [
            any(attempt["verdict"] in ARRIVED for attempt in entry["attempts"])
            for entry in entries
            if entry["side"] == "follower"
        ]


def _unhandled(rows: QuerySet[InboundMessage]) -> list[str]:
    """Returns what the first unhandled message waits for; empty if all are handled."""
    row = rows.filter(handled_at=None).order_by("pk").first()
    if row is None:
        return []
    lease = f", leased until {row.leased_until}" if row.leased_until else ""
    return [f"message {row.pk} is due at {row.due_at} after {row.attempts} attempts{lease}: {row.error}"]


class Replies(Writing):
    """A column of people who write: each has to get the rule's answer, and its second text as a
    customer-service message, exactly once.

    WeChat does not deduplicate such messages: one whose response was lost is *uncertain* and shown to staff.
    """

    name = "reply"
    pause = 1.5

    def act(self, number: int) -> None:
        self.write(self.person(number), f"{WORD} {number}")

    def waiting(self) -> int:
        first, later = self._got(FIRST), self._got(LATER)
        doubtful = self._doubtful()
        return sum(
            not first[each] or not (later[each] or each in doubtful)
            for each in (self.person(number) for number in range(self.acts))
        )

    def wrong(self) -> list[str]:
        everybody = [self.person(number) for number in range(self.acts)]
        sure = [each for each in everybody if each not in self._doubtful()]
        return [*once_each("answer", everybody, self._got(FIRST)), *once_each("more", sure, self._got(LATER))]

    def remark(self) -> str:
        doubtful = len(self._doubtful())
        return f"{doubtful} uncertain" if doubtful else ""

    def _got(self, text: str) -> Counter[str]:
        entries = self.there.ledger.received(self.people)
        return Counter(each["openid"] for each in entries if each["content"].get("content") == text)

    def _doubtful(self) -> set[str]:
        rows = Push.objects.filter(account=self.there.account, openid__startswith=self.people)
        return set(rows.filter(state=Push.State.UNCERTAIN).values_list("openid", flat=True))


class Pushes(Column):
    """A business system that requests template messages with an idempotency key, until they are accepted."""

    name = "push"
    most = 80

    def prepare(self) -> None:
        self.follow([self.person(number) for number in range(self.most)])

    def act(self, number: int) -> None:
        if number >= self.most:
            return
        message = {
            "to": self.person(number),
            "template": TEMPLATE["template_id"],
            "values": {"thing4": "天河"},
        }
        key = f"push-{self.mark}-{number}"
        post = self.there.caller.post
        self.client.until_accepted(lambda: post("/api/v1/push", message, key))
        self.acts += 1

    def waiting(self) -> int:
        return self._rows().filter(state__in=OPEN).count()

    def wrong(self) -> list[str]:
        got = Counter(each["openid"] for each in self.there.ledger.received(self.people))
        return once_each("message", [self.person(number) for number in range(self.acts)], got)

    def _rows(self) -> QuerySet[Push]:
        return Push.objects.filter(account=self.there.account, openid__startswith=self.people)


class Campaigns(Column):
    """A column of template campaigns to people from a table, approved so that a worker starts them soon."""

    name = "campaign"
    pause = 5.0
    size = 8

    def act(self, number: int) -> None:
        openids = [self.person(number * self.size + place) for place in range(self.size)]
        self.follow(openids)
        now = timezone.now()
        with transaction.atomic():
            campaign = Campaign.objects.create(
                account=self.there.account, name=f"{self.mark} {number}", way="template",
                template=self.there.template, audience="file", state="scheduled", approved_at=now, due_at=now,
            )  # fmt: skip
            Variant.objects.create(campaign=campaign, letter="A", values={"thing4": "天河"})
            AudienceRow.objects.bulk_create([AudienceRow(campaign=campaign, openid=each) for each in openids])
        self.acts += 1

    def waiting(self) -> int:
        return self._rows().exclude(state__in=["done", "paused"]).count()

    def wrong(self) -> list[str]:
        stopped = [str(each.trouble) for each in self._rows().filter(state="paused")]
        got = Counter(each["openid"] for each in self.there.ledger.received(self.people))
        everybody = AudienceRow.objects.filter(campaign__in=self._rows()).values_list("openid", flat=True)
        return [*(f"a campaign stopped: {each}" for each in stopped), *once_each("message", everybody, got)]

    def _rows(self) -> QuerySet[Campaign]:
        return Campaign.objects.filter(account=self.there.account, name__startswith=f"{self.mark} ")


class MassSends(Column):
    """A column of mass sends to a list of people, which WeChat accepts once for each ``clientmsgid``."""

    name = "mass send"
    pause = 5.0
    size = 3

    def act(self, number: int) -> None:
        openids = [self.person(number * self.size + place) for place in range(self.size)]
        self.follow(openids)
        send = MassSend.objects.create(
            account=self.there.account, name=f"{self.mark} {number}", target="list", openids=openids,
            content={"type": "text", "content": f"周末会员日 {self.mark} {number}"},
        )  # fmt: skip
        planning.plan(send, None, None)
        self.acts += 1

    def waiting(self) -> int:
        return self._rows().exclude(state__in=["done", "failed", "uncertain"]).count()

    def wrong(self) -> list[str]:
        others = Counter(self._rows().exclude(state="done").values_list("state", flat=True))
        got = Counter(each["openid"] for each in self.there.ledger.received(self.people))
        everybody = [openid for send in self._rows() for openid in send.openids]
        return [
            *(f"{count} ended as {state}" for state, count in others.items()),
            *once_each("message", everybody, got),
        ]

    def _rows(self) -> QuerySet[MassSend]:
        begun = MassSend.objects.filter(account=self.there.account).exclude(state=MassSend.State.DRAFT)
        return begun.filter(name__startswith=f"{self.mark} ")


class Webhooks(Writing):
    """A business system that receives a webhook for each message; a repeat has the same id."""

    name = "webhook"
    pause = 1.5

    def act(self, number: int) -> None:
        self.write(self.person(number), "请问")

    def waiting(self) -> int:
        rows = self._rows()
        return max(0, self.acts - len(rows)) + sum(row.state == Delivery.State.WAITING for row in rows)

    def wrong(self) -> list[str]:
        rows = self._rows()
        events = Counter(row.openid for row in rows)
        got = self.there.receiver.got
        missed = [row.openid for row in rows if not got[row.message_id]]
        return [
            *once_each("event", [self.person(number) for number in range(self.acts)], events),
            *([f"{len(missed)} never came to the receiver"] if missed else []),
        ]

    def _rows(self) -> list[Delivery]:
        rows = Delivery.objects.filter(account=self.there.account, openid__startswith=self.people)
        return list(rows.filter(event="message.received"))
