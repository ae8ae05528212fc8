import datetime
import re
from collections.abc import Sequence

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.followers.models import Follower
from accounts.operations import failures
from accounts.staff import todo
from accounts.staff.rights import Rights
from tests.cast import Cast, message, signed_in
from wechat.inbox import answerers, conversation_page, filtering
from wechat.inbox.answerers import Answerer
from wechat.inbox.models import NOT_A_RECEIPT, InboundMessage
from wechat.replies.models import Rule

pytestmark = pytest.mark.django_db

LOG = "/admin/inbox/inboundmessage/"


def shown(staff: Cast, query: str = "") -> set[str]:
    """Returns the texts of the list's rows."""
    html = signed_in(staff.owner).get(LOG + query).content.decode()
    return set(re.findall(r'<span class="multiline">([^<]*)</span>', html))


def test_the_newest_message_is_first(staff: Cast) -> None:
    message(staff.ours, "早上好")
    message(staff.ours, "晚上好")
    html = signed_in(staff.owner).get(LOG).content.decode()
    assert html.index("晚上好") < html.index("早上好")


def test_the_overview_shows_the_newest_questions_of_the_chosen_account(staff: Cast) -> None:
    for number in range(7):
        message(staff.ours, f"问题 {number}", answered_by="rule:1" if number % 2 else "")
    message(staff.theirs, "别家的问题")
    unanswered = signed_in(staff.owner).get("/admin/").context["unanswered"]
    assert [each.text for each in unanswered] == [f"问题 {number}" for number in (6, 4, 2, 0)]


def test_receipts_are_shown_to_who_asks_for_them(staff: Cast) -> None:
    message(staff.ours, "在吗")
    message(staff.ours, "success", kind="event", event="templatesendjobfinish")
    message(staff.ours, "V1001", kind="event", event="click")
    assert shown(staff) == {"在吗", "V1001"}
    assert shown(staff, "?kind=receipts") == {"success"}
    assert shown(staff, "?kind=event:templatesendjobfinish") == {"success"}
    assert shown(staff, "?kind=event") == {"success", "V1001"}


def test_a_receipt_that_could_not_be_handled_is_found_among_the_failed(staff: Cast) -> None:
    message(staff.ours, "success", kind="event", event="templatesendjobfinish", error="ValueError: no")
    assert shown(staff, "?state=failed") == {"success"}


def test_a_message_that_is_tried_again_by_itself_has_not_failed_on_any_page(staff: Cast) -> None:
    soon = timezone.now() + datetime.timedelta(seconds=5)
    row = message(staff.ours, "在吗", error="ValueError: no", due_at=soon)
    assert (shown(staff, "?state=failed"), shown(staff, "?state=waiting")) == (set(), {"在吗"})
    assert pages_with_a_failure(staff, row) == [False, False, False]
    InboundMessage.objects.update(due_at=None)
    assert (shown(staff, "?state=failed"), shown(staff, "?state=waiting")) == ({"在吗"}, set())
    assert pages_with_a_failure(staff, row) == [True, True, True]


def pages_with_a_failure(staff: Cast, row: InboundMessage) -> list[bool]:
    """Returns whether the conversation, the list of what failed, and the to-do items name a failure."""
    conversation = signed_in(staff.owner).get(conversation_page.address(row)).content.decode()
    return [
        "处理失败" in conversation,
        failures.number(staff.ours, Rights.of(staff.owner)) > 0,
        "inbox.failed" in {each.name for each in todo.waiting(staff.owner)},
    ]


def test_a_filter_names_nobody_who_answers_for_another_account(staff: Cast) -> None:
    ours = Rule.objects.create(account=staff.ours, name="自家规则", trigger="default")
    theirs = Rule.objects.create(account=staff.theirs, name="别家规则", trigger="default")
    message(staff.ours, "在吗", answered_by=f"rule:{ours.pk}")
    message(staff.theirs, "在吗", answered_by=f"rule:{theirs.pk}")
    owner = signed_in(staff.owner)
    assert "自家规则" in owner.get(f"{LOG}?answer=rule:{ours.pk}").content.decode()
    assert "别家规则" not in owner.get(f"{LOG}?answer=rule:{theirs.pk}").content.decode()


@pytest.mark.parametrize("mark", [f"rule:{'9' * 5000}", "rule:%00", "rule:"])
def test_an_answer_that_nobody_can_have_given_finds_nothing(staff: Cast, mark: str) -> None:
    message(staff.ours, "在吗")
    assert shown(staff, f"?answer={mark}") == set()


def of_partitions(index: str) -> list[str]:
    """Returns the names of the index in each partition of the log."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::text::regclass", [index]
        )
        return [name for (name,) in cursor.fetchall()]


def test_the_log_without_receipts_is_read_from_an_index(staff: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    rows = InboundMessage.objects.filter(NOT_A_RECEIPT, account=staff.ours).order_by("-pk")
    plan = rows[:50].explain()
    assert any(name in plan for name in of_partitions("inbound_but_receipts"))


def test_an_event_is_named_in_the_language_of_the_reader(staff: Cast) -> None:
    row = message(staff.ours, kind="event", event="subscribe")
    client = signed_in(staff.owner)
    html = client.get(f"{LOG}{row.pk}/change/").content.decode()
    assert "关注了" in html
    assert "/history/" not in html
    client.post(f"{LOG}{row.pk}/again/")
    assert "/history/" in client.get(f"{LOG}{row.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"answered", "unanswered", "late", "failed", "picture", "V1001", "waiting"}),
        ("?answer=unanswered", {"unanswered", "late", "failed", "waiting"}),
        ("?answer=answered", {"answered"}),
        ("?answer=rule:1", {"answered"}),
        ("?answer=rule:2", set()),
        ("?answer=late", {"late"}),
        ("?state=failed", {"failed"}),
        ("?state=waiting", {"waiting"}),
        ("?kind=image", {"picture"}),
        ("?kind=event", {"V1001"}),
        ("?kind=event:click", {"V1001"}),
        ("?kind=event:subscribe", set()),
        ("?q=ANSWER", {"answered", "unanswered"}),
        ("?q=nothing+like+it", set()),
        ("?q=oSomebodyElse00000000000001", {"picture"}),
        ("?kind=image&answer=answered", set()),
    ],
)
def test_filters_narrow_the_list(staff: Cast, query: str, expected: set[str]) -> None:
    message(staff.ours, "answered", answered_by="rule:1")
    message(staff.ours, "unanswered")
    message(staff.ours, "late", late=True)
    message(staff.ours, "failed", error="ValueError: no")
    message(staff.ours, "waiting", due_at=timezone.now() + datetime.timedelta(days=1))
    message(staff.ours, "picture", kind="image", openid="oSomebodyElse00000000000001")
    message(staff.ours, "V1001", kind="event", event="click")
    assert shown(staff, query) == expected


def test_a_time_range_takes_its_beginning_and_leaves_its_end(staff: Cast) -> None:
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    for hours, text in ((-49, "before"), (-48, "first"), (-30, "inside"), (-24, "end"), (0, "after")):
        message(staff.ours, text, received_at=noon + datetime.timedelta(hours=hours))
    since, until = noon - datetime.timedelta(hours=48), noon - datetime.timedelta(hours=24)
    query = f"?since={since:%Y-%m-%dT%H:%M}&until={until:%Y-%m-%dT%H:%M}"
    assert shown(staff, query) == {"first", "inside"}


def test_a_message_that_was_stored_late_is_in_the_range_it_was_received_in(staff: Cast) -> None:
    """While Postgres was away it waited: its id is newer than its time."""
    now = timezone.localtime()
    message(staff.ours, "on time", received_at=now - datetime.timedelta(hours=5))
    message(staff.ours, "newer", received_at=now)
    message(staff.ours, "delayed", received_at=now - datetime.timedelta(hours=5))
    until = now - datetime.timedelta(hours=4)
    assert shown(staff, f"?until={until:%Y-%m-%dT%H:%M}") == {"on time", "delayed"}


def test_nonsense_in_a_filter_is_an_error_beside_it_and_not_an_empty_answer(staff: Cast) -> None:
    message(staff.ours, "hello")
    answer = signed_in(staff.owner).get(f"{LOG}?since=yesterday")
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


def test_a_search_says_how_far_back_it_went(staff: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "SEARCHED", 2)
    for text in ("needle one", "needle two", "needle three"):
        message(staff.ours, text)
    html = signed_in(staff.owner).get(f"{LOG}?q=needle").content.decode()
    assert "needle one" not in html
    assert 'class="notice"' in html


def test_pages_continue_from_the_last_id_without_gaps_or_repeats(staff: Cast) -> None:
    texts = {message(staff.ours, f"text {number:03}").text for number in range(120)}
    seen: list[str] = []
    client, address = signed_in(staff.owner), LOG
    for _page in range(3):
        html = client.get(address).content.decode()
        seen += re.findall(r'<span class="multiline">([^<]*)</span>', html)
        older = re.search(r'rel="next" href="([^"]*)"', html)
        address = LOG + older[1] if older else ""
    assert address == ""
    assert len(seen) == 120
    assert set(seen) == texts


def test_the_way_back_leads_over_the_same_pages(staff: Cast) -> None:
    for number in range(120):
        message(staff.ours, f"text {number:03}")
    client = signed_in(staff.owner)
    first = client.get(LOG).content.decode()
    older = re.search(r'rel="next" href="([^"]*)"', first)
    assert older
    second = client.get(LOG + older[1]).content.decode()
    newer = re.search(r'rel="prev" href="([^"]*)"', second)
    assert newer
    again = client.get(LOG + newer[1]).content.decode()
    texts = r'<span class="multiline">([^<]*)</span>'
    assert re.findall(texts, again) == re.findall(texts, first)


@pytest.mark.parametrize("cursor", ["b", "bx", "a-1", "b99999999999999999999", "7", "²"])
def test_a_cursor_of_nonsense_is_the_first_page(staff: Cast, cursor: str) -> None:
    message(staff.ours, "hello")
    assert signed_in(staff.owner).get(LOG, {"p": cursor}).status_code == 200


def test_what_a_follower_wrote_is_escaped_everywhere(staff: Cast) -> None:
    attack = "<script>alert(1)</script>"
    row = message(staff.ours, attack)
    Follower.objects.create(account=staff.ours, openid=row.openid, remark='"><img src=x onerror=x>'[:30])
    client = signed_in(staff.owner)
    pages = [
        LOG,
        reverse("admin:inbox_inboundmessage_change", args=(row.pk,)),
        reverse("admin:inbox_conversation", args=(staff.ours.pk, row.openid)),
        reverse("admin:inbox_unanswered"),
        "/admin/followers/follower/",
    ]
    for page in pages:
        html = client.get(page).content.decode()
        assert attack not in html, page
        assert "<img src=x" not in html, page


def test_the_unreadable_is_in_the_log_and_its_raw_text_on_its_page(staff: Cast) -> None:
    row = message(staff.ours, kind=InboundMessage.MALFORMED, body="<xml><oops>&x;", openid="")
    client = signed_in(staff.owner)
    assert "badge-bad" in client.get(f"{LOG}?state=malformed").content.decode()
    html = client.get(reverse("admin:inbox_inboundmessage_change", args=(row.pk,))).content.decode()
    assert "&lt;xml&gt;&lt;oops&gt;&amp;x;" in html


def test_the_answering_rule_is_shown_by_its_name(staff: Cast) -> None:
    answerers.named("testrule")(lambda ids: {pk: Answerer(f"规则 {pk}", f"/rule/{pk}") for pk in ids})
    message(staff.ours, "hello", answered_by="testrule:7")
    html = signed_in(staff.owner).get(LOG).content.decode()
    assert '<a class="link" href="/rule/7">规则 7</a>' in html


def test_a_message_is_handled_again_by_those_who_may(staff: Cast) -> None:
    row = message(staff.ours, "hello", error="ValueError: no", attempts=5)
    again = reverse("admin:inbox_again", args=(row.pk,))
    for member in (staff.editor, staff.auditor):
        assert signed_in(member).post(again).status_code == 403
    assert signed_in(staff.outsider).post(again).status_code == 404
    assert InboundMessage.objects.get().due_at is None
    signed_in(staff.service).post(again)
    row.refresh_from_db()
    assert row.due_at is not None
    assert row.attempts == 0


def test_several_messages_are_handled_again_at_once(staff: Cast) -> None:
    rows = [message(staff.ours, "one"), message(staff.ours, "two")]
    action = {"action": "handle_again", "_selected_action": [row.pk for row in rows]}
    signed_in(staff.service).post(LOG, action)
    assert InboundMessage.objects.filter(due_at__isnull=False).count() == 2


def test_nobody_handles_messages_of_others_again(staff: Cast) -> None:
    row = message(staff.theirs, "theirs")
    signed_in(staff.service).post(LOG, {"action": "handle_again", "_selected_action": [row.pk]})
    assert InboundMessage.objects.get().due_at is None


def test_messages_are_neither_added_nor_changed_nor_deleted_by_hand(staff: Cast) -> None:
    row = message(staff.ours, "hello")
    client = signed_in(staff.superuser)
    assert client.get(f"{LOG}add/").status_code == 403
    page = reverse("admin:inbox_inboundmessage_change", args=(row.pk,))
    assert client.post(page, {"text": "changed"}).status_code == 403
    delete = reverse("admin:inbox_inboundmessage_delete", args=(row.pk,))
    assert client.post(delete, {"post": "yes"}).status_code == 403
    assert InboundMessage.objects.get().text == "hello"


def test_a_page_asks_for_the_names_of_its_rules_once(
    staff: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    asked: list[Sequence[str]] = []

    @answerers.named("counted")
    def names(ids: Sequence[str]) -> dict[str, Answerer]:
        asked.append(ids)
        return {}

    for number in range(30):
        message(staff.ours, "hello", answered_by=f"counted:{number}")
    client = signed_in(staff.owner)
    with django_assert_max_num_queries(20):
        client.get(LOG)
    assert len(asked) == 1
