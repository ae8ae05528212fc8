"""The pages of followers, articles, messages and callbacks, with the platform's figures and our own."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers.labels import name_of
from accounts.official.models import OfficialAccount
from accounts.staff.gate import account_page, frame
from accounts.staff.rights import Area
from wechat.console.charts import Series, chart
from wechat.console.periods import DAY, Period, PeriodForm
from wechat.console.reports import Aggregation, Measure, Number, Report, Table, TableLine, Unit, answer
from wechat.inbox import counts
from wechat.inbox.counts import Kinds, MessageTally, what_people_wrote
from wechat.sdk.calls import datacube
from wechat.sdk.calls.datacube import ArticleTotal, Dataset, Interface, Readership, Upstream, UserChange
from wechat.statistics import labels, stored_days
from wechat.statistics.stored_days import StoredDays

TEMPLATE = "statistics/report.html"
NOTE = gettext_lazy(
    "Figures of the platform come the next morning and are corrected for a week; “–” is a day that has not "
    "been read. What is counted here is there at once."
)
USERS = (
    Measure(gettext_lazy("New followers")),
    Measure(gettext_lazy("Left"), is_bad=True),
    Measure(gettext_lazy("Net")),
    Measure(gettext_lazy("Followers"), aggregation=Aggregation.LAST),
    Measure(gettext_lazy("Follows counted here")),
    Measure(gettext_lazy("Leaves counted here"), is_bad=True),
)
CAME_AND_LEFT = USERS[:3]
ARTICLES = (
    Measure(gettext_lazy("Readers")),
    Measure(gettext_lazy("Shared")),
    Measure(gettext_lazy("Liked")),
    Measure(gettext_lazy("Recommended")),
    Measure(gettext_lazy("Comments")),
    Measure(gettext_lazy("Kept as favourite")),
)
SENT = Measure(gettext_lazy("Articles sent"))
MESSAGES = (
    Measure(gettext_lazy("Messages counted here")),
    Measure(gettext_lazy("Texts nobody answered"), is_bad=True),
    Measure(gettext_lazy("Events counted here")),
    Measure(gettext_lazy("Messages, by the platform")),
    Measure(gettext_lazy("People who wrote, by the platform"), aggregation=Aggregation.NONE),
)
INTERFACE = (
    Measure(gettext_lazy("Callbacks, by the platform")),
    Measure(gettext_lazy("Failed"), is_bad=True),
    Measure(gettext_lazy("Average time"), Unit.MILLISECONDS, aggregation=Aggregation.NONE, is_bad=True),
    Measure(gettext_lazy("Longest time"), Unit.MILLISECONDS, aggregation=Aggregation.MOST, is_bad=True),
    Measure(gettext_lazy("Callbacks recorded here")),
)
AVERAGE, FAILED_SHARE = INTERFACE[2], Measure(gettext_lazy("Share that failed"), Unit.SHARE, is_bad=True)
MOST_ARTICLES = 200
Values = list[Number]


class PastForm(PeriodForm):
    """The form of a period up to yesterday, because the platform has no figures of today."""

    ends_days_ago = 1


@account_page(Area.FOLLOWERS)
def users(request: HttpRequest, account: OfficialAccount) -> HttpResponseBase:
    """Shows new and lost followers, and the ways in which they came."""
    form = PastForm(request.GET)
    period = form.period
    found = stored_days.of(account, period, Dataset.USER_SUMMARY, Dataset.USER_CUMULATE)
    own = counts.by_day(account, period.before.first, period.last)
    changes, totals = found[Dataset.USER_SUMMARY], found[Dataset.USER_CUMULATE]

    def values(day: datetime.date, days: stored_days.Days, ends: stored_days.Days) -> Values:
        rows = [UserChange.of(row) for row in days[day]] if day in days else None
        total = next((datacube.followers(row) for row in ends.get(day, ())), None)
        kinds = own.get(day, {})
        here = (_of_event(kinds, "subscribe"), _of_event(kinds, "unsubscribe"))
        return [*_came_and_left(rows), total, *here]

    report = Report(
        title=_("User analysis"),
        name=f"followers-{account.slug}",
        form=form,
        measures=USERS,
        days={day: values(day, changes.days, totals.days) for day in period.days},
        before={day: values(day, changes.before, totals.before) for day in period.before.days},
        charted=(0, 1, 2),
        day_link=_in_log("event:subscribe"),
        tables=list(_sources(changes)),
        notes=[NOTE],
    )
    return _answer(request, report, "statistics.read")


@account_page(Area.CONTENT)
def articles(request: HttpRequest, account: OfficialAccount) -> HttpResponseBase:
    """Shows the readers, shares and favourites of articles that were sent and published."""
    form = PastForm(request.GET)
    period = form.period
    found = stored_days.of(account, period, Dataset.BIZ_SUMMARY, Dataset.ARTICLE_TOTAL)
    summary = found[Dataset.BIZ_SUMMARY]
    report = Report(
        title=_("Article analysis"),
        name=f"articles-{account.slug}",
        form=form,
        measures=(*ARTICLES, SENT),
        days={day: _read(rows) for day, rows in summary.days.items()},
        before={day: _read(rows) for day, rows in summary.before.items()},
        charted=(0, 1),
        tables=[*_articles(found[Dataset.ARTICLE_TOTAL]), *_read_from(summary)],
        notes=[NOTE],
    )
    return _answer(request, report, "statistics.read")


@account_page(Area.MESSAGES)
def messages(request: HttpRequest, account: OfficialAccount) -> HttpResponseBase:
    """Shows the messages of followers, by kind and by hour."""
    form = PastForm(request.GET)
    period = form.period
    found = stored_days.of(account, period, Dataset.UPSTREAM, Dataset.UPSTREAM_HOUR)
    own = counts.by_day(account, period.before.first, period.last)
    platform = found[Dataset.UPSTREAM]
    report = Report(
        title=_("Message analysis"),
        name=f"messages-{account.slug}",
        form=form,
        measures=MESSAGES,
        days={day: _wrote(own.get(day, {}), platform.days.get(day)) for day in period.days},
        before={day: _wrote(own.get(day, {}), platform.before.get(day)) for day in period.before.days},
        charted=(0, 1, 3),
        day_link=_in_log(""),
        tables=[*_kinds(period, own, platform), *_hours(found[Dataset.UPSTREAM_HOUR])],
        notes=[NOTE],
    )
    return _answer(request, report, "statistics.read")


@account_page(Area.MESSAGES)
def interface(request: HttpRequest, account: OfficialAccount) -> HttpResponseBase:
    """Shows the platform's callbacks to us: their number, failures and times."""
    form = PastForm(request.GET)
    period = form.period
    found = stored_days.of(account, period, Dataset.INTERFACE, Dataset.INTERFACE_HOUR)
    own = counts.by_day(account, period.before.first, period.last)
    platform = found[Dataset.INTERFACE]
    now, before = (_whole(rows for each in days.values() for rows in each) for days in platform)
    report = Report(
        title=_("Interface analysis"),
        name=f"callbacks-{account.slug}",
        form=form,
        measures=INTERFACE,
        days={day: _called(own.get(day, {}), platform.days.get(day)) for day in period.days},
        before={day: _called(own.get(day, {}), platform.before.get(day)) for day in period.before.days},
        charted=(0, 1, 4),
        day_link=_in_log(""),
        more=[
            (FAILED_SHARE, _share(now.failed, now.callbacks), _share(before.failed, before.callbacks)),
            (AVERAGE, _share(now.total_ms, now.callbacks), _share(before.total_ms, before.callbacks)),
        ],
        tables=list(_hours_of_callbacks(found[Dataset.INTERFACE_HOUR])),
        notes=[NOTE],
    )
    return _answer(request, report, "statistics.read")


def _answer(request: HttpRequest, report: Report, work: str) -> HttpResponseBase:
    empty = _("Nothing is known of these days yet: WeChat's figures of a day are read the next morning.")
    return answer(request, report, frame(request, report.title, empty=empty, work=work), TEMPLATE)


def _in_log(kind: str) -> Callable[[datetime.date], str]:
    """Returns a function from a day to the log's address for that day's messages, or those of the kind."""
    log, more = reverse("admin:inbox_inboundmessage_changelist"), f"&kind={kind}" if kind else ""
    return lambda day: f"{log}?since={day}T00:00&until={day + DAY}T00:00{more}"


def _of_event(kinds: Kinds, event: str) -> int:
    return kinds.get((counts.EVENT, event), MessageTally()).count


def _came_and_left(rows: Iterable[UserChange] | None) -> Values:
    if rows is None:
        return [None, None, None]
    known = list(rows)
    came, left = sum(each.came for each in known), sum(each.left for each in known)
    return [came, left, came - left]


def _read(rows: Sequence[datacube.Row]) -> Values:
    """Returns a day's figures, for which the platform has one row or none."""
    reading = datacube.reading(rows[0]) if rows else Readership()
    return [*_of_reading(reading), reading.sent]


def _of_reading(reading: Readership) -> Values:
    return [
        reading.readers, reading.shared, reading.liked, reading.recommended, reading.comments, reading.kept
    ]  # fmt: skip


def _wrote(kinds: Kinds, reported: Sequence[datacube.Row] | None) -> Values:
    here = what_people_wrote(kinds)
    events = sum(counted.count for (kind, _event), counted in kinds.items() if kind == counts.EVENT)
    rows = None if reported is None else [Upstream.of(row) for row in reported]
    there = [None, None] if rows is None else [
        sum(each.messages for each in rows), max((each.people for each in rows), default=0)
    ]  # fmt: skip
    return [here.count, here.unanswered, events, *there]


def _called(kinds: Kinds, reported: Sequence[datacube.Row] | None) -> Values:
    here = sum(counted.count for counted in kinds.values())
    if reported is None:
        return [None, None, None, None, here]
    whole = _whole(reported)
    average = _share(whole.total_ms, whole.callbacks)
    return [whole.callbacks, whole.failed, average, whole.longest_ms if whole.callbacks else None, here]


def _whole(rows: Iterable[datacube.Row]) -> Interface:
    known = [Interface.of(row) for row in rows]
    return Interface(
        callbacks=sum(each.callbacks for each in known),
        failed=sum(each.failed for each in known),
        total_ms=sum(each.total_ms for each in known),
        longest_ms=max((each.longest_ms for each in known), default=0),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _sources(changes: StoredDays) -> Iterator[Table]:
    """Yields the table by the ways in which followers came."""
    came, left = Counter[int](), Counter[int]()
    for rows in changes.days.values():
        for change in map(UserChange.of, rows):
            came[change.source] += change.came
            left[change.source] += change.left
    lines = [
        TableLine(
            str(labels.USER_SOURCES.get(source, labels.USER_SOURCES[0])),
            [came[source], left[source], came[source] - left[source]],
        )
        for source in sorted(came, key=lambda source: -came[source])
    ]
    yield Table(_("By the way they came"), _("Came by"), CAME_AND_LEFT, lines)


def _articles(platform: StoredDays) -> Iterator[Table]:
    """Yields the table of articles sent in the period, the newest first, with their first thirty days."""
    lines = [
        TableLine(f"{day:%m-%d} {article.title}", _of_reading(article.whole), _address(article))
        for day in sorted(platform.days, reverse=True)
        for article in map(ArticleTotal.of, platform.days[day])
    ]
    note = _("The first thirty days of each. Who reads on two days counts on both.")
    yield Table(_("By article"), _("Article"), ARTICLES, lines[:MOST_ARTICLES], note)


def _address(article: ArticleTotal) -> str:
    """Returns the address of the article for followers, or the empty text."""
    return article.url if article.url.startswith(("https://", "http://")) else ""


def _read_from(platform: StoredDays) -> Iterator[Table]:
    """Yields the table by where articles were read, in the platform's words."""
    found = Counter[str]()
    for rows in platform.days.values():
        for row in rows:
            found.update(datacube.reading(row).by_source or {})
    lines = [TableLine(name, [number]) for name, number in found.most_common()]
    yield Table(_("By where they were read"), _("Where"), ARTICLES[:1], lines)


def _kinds(period: Period, own: Mapping[datetime.date, Kinds], platform: StoredDays) -> Iterator[Table]:
    """Yields the table by kind, as counted here and by the platform, which knows fewer kinds."""
    here, there = Counter[str](), Counter[str]()
    for day in period.days:
        for (kind, _event), counted in own.get(day, {}).items():
            if kind not in {counts.EVENT, counts.MALFORMED}:
                here[kind] += counted.count
        for row in map(Upstream.of, platform.days.get(day, ())):
            there[labels.KINDS.get(row.kind, "")] += row.messages
    order = sorted(here.keys() | there.keys() - {""}, key=lambda kind: -here[kind])
    lines = [
        TableLine(str(name_of(kind)), [here[kind], there[kind] if kind in labels.KINDS.values() else None])
        for kind in order
    ]
    yield Table(_("By kind"), _("Kind"), [MESSAGES[0], MESSAGES[3]], lines)


def _hours(platform: StoredDays) -> Iterator[Table]:
    """Yields the table by hour of the day, over the days whose hours are known."""
    found = Counter[int]()
    for row in (row for rows in platform.days.values() for row in map(Upstream.of, rows)):
        found[row.hour] += row.messages
    yield from _by_hour([MESSAGES[3]], {hour: [number] for hour, number in found.items()})


def _hours_of_callbacks(platform: StoredDays) -> Iterator[Table]:
    hours: dict[int, list[datacube.Row]] = defaultdict(list)
    for rows in platform.days.values():
        for row in rows:
            hours[Interface.of(row).hour].append(row)
    found = {hour: _called({}, rows)[:4] for hour, rows in hours.items()}
    yield from _by_hour(INTERFACE[:4], found)


def _by_hour(measures: Sequence[Measure], found: Mapping[int, Values]) -> Iterator[Table]:
    """Yields a table with a bar chart of its first measure, or nothing if no hour is known."""
    if not found:
        return
    nothing: Values = [0, *([None] * (len(measures) - 1))]
    names = [f"{hour:02d}:00" for hour in range(24)]
    lines = [TableLine(name, found.get(hour, nothing)) for hour, name in enumerate(names)]
    bars = Series(measures[0].title, [line.values[0] for line in lines])
    description = _("%(title)s by hour; the numbers are in the table") % {"title": measures[0].title}
    yield Table(
        _("By hour"),
        _("Hour"),
        measures,
        lines,
        _("Hours are known of the last thirty days."),
        chart(names, [bars], kind="bar", description=description),
    )
