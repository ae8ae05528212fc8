"""The API of statistics, computed from the simulated events (WeChat reference 15). Days are Shanghai's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from simulator import readership
from simulator.api.calls import Answer, Call, api, verified
from simulator.clock import SHANGHAI_OFFSET, day_number
from simulator.errors import ApiError
from simulator.readership import Article, Reads
from simulator.world import Entry

EPOCH = date(1970, 1, 1)
FIRST = date(2014, 12, 1)
READY_HOUR = 8
FAILED = ("timeout", "error")
KINDS = {"text": 1, "image": 2, "voice": 3, "video": 4, "shortvideo": 4, "link": 6}
ALL_SOURCES, SESSION, MOMENTS, OTHERWISE = 99_999_999, 0, 2, 5
FRIEND, SHARED_IN_MOMENTS = 1, 2
FEWEST_READS = 3
Row = dict[str, Any]
Rows = Callable[[Call, "Day"], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Day:
    """A day, identified by its number in the platform's clock."""

    number: int

    @property
    def text(self) -> str:
        return (EPOCH + timedelta(days=self.number)).isoformat()

    def hour_of(self, at: float) -> int:
        """Returns the hour of a time in the statistics' format, in hundreds: 900 is nine o'clock."""
        return int(at + SHANGHAI_OFFSET) % 86_400 // 3_600 * 100


def figures(name: str, span: int, *, delay: bool = False) -> Callable[[Rows], Rows]:
    """Registers ``/datacube/<name>``, which returns rows for at most ``span`` days."""

    def register(rows: Rows) -> Rows:
        def answer(call: Call) -> Answer:
            days = asked(call, span)
            payload: Row = {"list": [row for day in days for row in rows(call, day)]}
            return {**payload, "is_delay": False} if delay else payload

        api("POST", f"/datacube/{name}", right=verified)(answer)
        return rows

    return register


def asked(call: Call, span: int) -> list[Day]:
    """Returns the days that a call requests.

    Raises 61500 for invalid dates, 61501 for too many or too recent days, 61503 before they are counted.
    """
    begin, end = (read(call.body.get(name)) for name in ("begin_date", "end_date"))
    today = EPOCH + timedelta(days=call.world.state.clock.day())
    if not FIRST <= begin <= end < today or (end - begin).days >= span:
        raise ApiError(61501)
    hour = int(call.world.now + SHANGHAI_OFFSET) % 86_400 // 3_600
    if end == today - timedelta(days=1) and hour < READY_HOUR:
        raise ApiError(61503)
    first = (begin - EPOCH).days
    return [Day(first + number) for number in range((end - begin).days + 1)]


def read(value: Any) -> date:
    try:
        found = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ApiError(61500) from None
    if found.isoformat() != value:
        raise ApiError(61500)
    return found


# --- followers


@figures("getusersummary", 7)
def user_summary(call: Call, day: Day) -> Iterator[Row]:
    for source, change in call.account.growth.on(day.number).items():
        yield {
            "ref_date": day.text,
            "user_source": source,
            "new_user": change.came,
            "cancel_user": change.left,
        }


@figures("getusercumulate", 7)
def user_cumulate(call: Call, day: Day) -> Iterator[Row]:
    yield {
        "ref_date": day.text,
        "user_source": 0,
        "cumulate_user": call.account.growth.total(day.number),
    }


# --- messages


def messages(call: Call, first: int, days: int = 1) -> Iterator[tuple[Entry, int]]:
    """Yields the messages that followers wrote on those days, each with the number of its type."""
    for entry in call.account.entries:
        kind = KINDS.get(entry.msgtype) if entry.via == "message" else None
        if kind and first <= day_number(entry.at) < first + days:
            yield entry, kind


def counted(ref: Row, found: Iterator[tuple[Entry, int]]) -> Iterator[Row]:
    counts, people = Counter[int](), defaultdict[int, set[str]](set)
    for entry, kind in found:
        counts[kind] += 1
        people[kind].add(entry.openid)
    for kind in sorted(counts):
        yield {**ref, "msg_type": kind, "msg_user": len(people[kind]), "msg_count": counts[kind]}


@figures("getupstreammsg", 7)
def upstream(call: Call, day: Day) -> Iterator[Row]:
    yield from counted({"ref_date": day.text}, messages(call, day.number))


@figures("getupstreammsghour", 1)
def upstream_by_hour(call: Call, day: Day) -> Iterator[Row]:
    found = defaultdict[int, list[tuple[Entry, int]]](list)
    for entry, kind in messages(call, day.number):
        found[day.hour_of(entry.at)].append((entry, kind))
    for hour in sorted(found):
        yield from counted({"ref_date": day.text, "ref_hour": hour}, iter(found[hour]))


@figures("getupstreammsgweek", 30)
def upstream_of_week(call: Call, day: Day) -> Iterator[Row]:
    """Yields the rows of a week if the day is a Monday, its first day."""
    if is_monday(day):
        yield from counted({"ref_date": day.text}, messages(call, day.number, 7))


@figures("getupstreammsgmonth", 30)
def upstream_of_month(call: Call, day: Day) -> Iterator[Row]:
    if days := days_of_month(day):
        yield from counted({"ref_date": day.text}, messages(call, day.number, days))


def is_monday(day: Day) -> bool:
    return (EPOCH + timedelta(days=day.number)).weekday() == 0


def days_of_month(day: Day) -> int:
    """Returns the number of days of the month that begins on this day; 0 for any other day."""
    first = EPOCH + timedelta(days=day.number)
    following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    return (following - first).days if first.day == 1 else 0


def intervals(ref: Row, found: Iterator[tuple[Entry, int]]) -> Iterator[Row]:
    """Yields the numbers of people who wrote 1 to 5, 6 to 10, or more messages."""
    per_person = Counter(entry.openid for entry, _ in found)
    people = Counter(1 if count <= 5 else 2 if count <= 10 else 3 for count in per_person.values())
    for interval in sorted(people):
        yield {**ref, "count_interval": interval, "msg_user": people[interval]}


@figures("getupstreammsgdist", 15)
def distribution(call: Call, day: Day) -> Iterator[Row]:
    yield from intervals({"ref_date": day.text}, messages(call, day.number))


@figures("getupstreammsgdistweek", 30)
def distribution_of_week(call: Call, day: Day) -> Iterator[Row]:
    if is_monday(day):
        yield from intervals({"ref_date": day.text}, messages(call, day.number, 7))


@figures("getupstreammsgdistmonth", 30)
def distribution_of_month(call: Call, day: Day) -> Iterator[Row]:
    if days := days_of_month(day):
        yield from intervals({"ref_date": day.text}, messages(call, day.number, days))


# --- callbacks


def deliveries(call: Call, day: Day) -> dict[int, list[tuple[float, bool]]]:
    """Returns the duration in ms of each delivery, and whether it failed, by hour."""
    found = defaultdict[int, list[tuple[float, bool]]](list)
    for entry in call.account.entries:
        for each in entry.attempts:
            if each.number and day_number(each.at) == day.number:
                found[day.hour_of(each.at)].append((each.ms, each.verdict in FAILED))
    return found


def interface(ref: Row, found: list[tuple[float, bool]]) -> Row:
    return {
        **ref,
        "callback_count": len(found),
        "fail_count": sum(failed for _, failed in found),
        "total_time_cost": round(sum(ms for ms, _ in found)),
        "max_time_cost": round(max(ms for ms, _ in found)),
    }


@figures("getinterfacesummary", 30)
def interface_summary(call: Call, day: Day) -> Iterator[Row]:
    if found := [each for hour in deliveries(call, day).values() for each in hour]:
        yield interface({"ref_date": day.text}, found)


@figures("getinterfacesummaryhour", 1)
def interface_by_hour(call: Call, day: Day) -> Iterator[Row]:
    for hour, found in sorted(deliveries(call, day).items()):
        yield interface({"ref_date": day.text, "ref_hour": hour}, found)


# --- articles


def articles(call: Call) -> list[Article]:
    return list(readership.articles(call.account, call.world.addresses.mp))


def page_figures(reads: Reads) -> Row:
    return {
        "int_page_read_user": reads.read,
        "int_page_read_count": reads.read_count,
        "ori_page_read_user": reads.onward,
        "ori_page_read_count": reads.onward_count,
        "share_user": reads.shared,
        "share_count": reads.share_count,
        "add_to_fav_user": reads.kept,
        "add_to_fav_count": reads.kept,
    }


@figures("getarticlesummary", 1)
def article_summary(call: Call, day: Day) -> Iterator[Row]:
    """Yields the articles that were read that day; like the platform, without those with very few readers."""
    for each in articles(call):
        reads = each.on(day.number)
        if reads.read >= FEWEST_READS:
            known = {"ref_date": day.text, "user_source": 0, "msgid": each.msgid, "title": each.title}
            yield {**known, **page_figures(reads)}


@figures("getarticletotal", 1)
def article_total(call: Call, day: Day) -> Iterator[Row]:
    """Yields the articles sent that day, with running totals for each past day of their first seven."""
    for each in sent_on(call, day):
        details = [
            {
                "stat_date": Day(number).text,
                "target_user": each.reached,
                **page_figures(each.until(number)),
                **origins(each.until(number)),
            }
            for number in days_over(call, day, readership.DAYS)
        ]
        known = {"ref_date": day.text, "msgid": each.msgid, "title": each.title, "url": each.url}
        yield {**known, "user_source": 0, "details": details}


def sent_on(call: Call, day: Day) -> list[Article]:
    return [each for each in articles(call) if each.day == day.number and each.readers >= FEWEST_READS]


def days_over(call: Call, day: Day, most: int) -> range:
    return range(day.number, min(day.number + most, call.world.state.clock.day()))


def shares(total: int) -> tuple[int, int, int]:
    """Returns the parts of a total from the chat, from moments and from elsewhere; their sum is the total."""
    moments, elsewhere = total * 20 // 100, total * 10 // 100
    return total - moments - elsewhere, moments, elsewhere


def origins(reads: Reads) -> Row:
    payload: Row = {}
    for name, total in (("user", reads.read), ("count", reads.read_count)):
        session, moments, other = shares(total)
        payload |= {
            f"int_page_from_session_read_{name}": session,
            f"int_page_from_hist_msg_read_{name}": 0,
            f"int_page_from_feed_read_{name}": moments,
            f"int_page_from_friends_read_{name}": 0,
            f"int_page_from_other_read_{name}": other,
            f"int_page_from_kanyikan_read_{name}": 0,
            f"int_page_from_souyisou_read_{name}": 0,
        }
    for name, total in (("user", reads.shared), ("cnt", reads.share_count)):
        session, moments, other = shares(total)
        payload |= {
            f"feed_share_from_session_{name}": session,
            f"feed_share_from_feed_{name}": moments,
            f"feed_share_from_other_{name}": other,
        }
    return payload


def read_on(call: Call, day: Day) -> Reads:
    return sum((each.on(day.number) for each in articles(call)), Reads())


@figures("getuserread", 3)
def user_read(call: Call, day: Day) -> Iterator[Row]:
    """Yields the reading figures of a day: the total, and its parts by the source of the readers."""
    total = read_on(call, day)
    if not total.read:
        return
    yield {"ref_date": day.text, "user_source": ALL_SOURCES, **page_figures(total)}
    columns = page_figures(total)
    parts = {name: shares(value) for name, value in columns.items()}
    for place, source in enumerate((SESSION, MOMENTS, OTHERWISE)):
        yield {
            "ref_date": day.text,
            "user_source": source,
            **{name: part[place] for name, part in parts.items()},
        }


@figures("getuserreadhour", 1)
def user_read_by_hour(call: Call, day: Day) -> Iterator[Row]:
    columns = page_figures(read_on(call, day))
    hours = {name: readership.by_hour(value) for name, value in columns.items()}
    for hour in range(24):
        if row := {name: values[hour] for name, values in hours.items() if values[hour]}:
            empty = dict.fromkeys(columns, 0)
            yield {
                "ref_date": day.text,
                "ref_hour": hour * 100,
                "user_source": ALL_SOURCES,
                **empty,
                **row,
            }


def scenes(ref: Row, users: int, count: int) -> Iterator[Row]:
    """Yields the shares by their target: two thirds to friends, the rest to moments."""
    for scene, user_share, count_share in (
        (FRIEND, users - users // 3, count - count // 3),
        (SHARED_IN_MOMENTS, users // 3, count // 3),
    ):
        if count_share:
            yield {**ref, "share_scene": scene, "share_user": user_share, "share_count": count_share}


@figures("getusershare", 7)
def user_share(call: Call, day: Day) -> Iterator[Row]:
    reads = read_on(call, day)
    yield from scenes({"ref_date": day.text}, reads.shared, reads.share_count)


@figures("getusersharehour", 1)
def user_share_by_hour(call: Call, day: Day) -> Iterator[Row]:
    reads = read_on(call, day)
    users, counts = readership.by_hour(reads.shared), readership.by_hour(reads.share_count)
    for hour in range(24):
        yield from scenes({"ref_date": day.text, "ref_hour": hour * 100}, users[hour], counts[hour])


# --- articles, in the current format


def sources(total: int) -> list[Row]:
    names = ("公众号消息", "朋友圈", "其它")
    return [
        {"user_count": part, "scene_desc": name}
        for name, part in zip(names, shares(total), strict=True)
        if part
    ]


@figures("getarticleread", 1, delay=True)
def article_read(call: Call, day: Day) -> Iterator[Row]:
    for each in articles(call):
        if read := each.on(day.number).read:
            detail = {"read_user": read, "read_user_source": sources(read)}
            yield {"ref_date": day.text, "msgid": each.msgid, "detail": detail}


@figures("getarticleshare", 1, delay=True)
def article_share(call: Call, day: Day) -> Iterator[Row]:
    for each in articles(call):
        if shared := each.on(day.number).shared:
            yield {"ref_date": day.text, "msgid": each.msgid, "detail": {"share_user": shared}}


@figures("getbizsummary", 30, delay=True)
def biz_summary(call: Call, day: Day) -> Iterator[Row]:
    reads = read_on(call, day)
    detail = {
        "read_user": reads.read,
        "read_user_source": sources(reads.read),
        **reactions(reads),
        "redirect_ori_page_user": reads.onward,
        "send_page_count": sum(each.day == day.number for each in articles(call)),
    }
    yield {"ref_date": day.text, "detail": detail}


def reactions(reads: Reads) -> Row:
    return {
        "share_user": reads.shared,
        "zaikan_user": reads.read // 50,
        "like_user": reads.read // 30,
        "comment_count": 0,
        "collection_user": reads.kept,
    }


@figures("getarticletotaldetail", 1, delay=True)
def article_total_detail(call: Call, day: Day) -> Iterator[Row]:
    """Yields the articles sent or published that day, with figures for each past day of their first 30."""
    for each in articles(call):
        if each.day == day.number:
            yield {
                "ref_date": day.text,
                "msgid": each.msgid,
                "publish_type": 0 if each.notified else 1,
                "title": each.title,
                "content_url": each.url,
                "detail_list": [detail(each, Day(number)) for number in days_over(call, day, 30)],
            }


def detail(each: Article, day: Day) -> Row:
    reads = each.on(day.number)
    return {
        "stat_date": day.text,
        "read_user": reads.read,
        "read_user_source": sources(reads.read),
        **reactions(reads),
        "praise_money": 0,
        "read_subscribe_user": 0,
        "read_delivery_rate": round(reads.read / each.reached, 4) if each.reached else 0,
        "read_finish_rate": 0.6 if reads.read else 0,
        "read_avg_activetime": 42 if reads.read else 0,
        "read_jump_position": [{"position": 1, "rate": 0.4}] if reads.read else [],
    }
