"""The page of revenue by day, item, way of payment, maker, merchant and channel, with downloads."""

import datetime
from collections.abc import Callable, Iterable, Mapping

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.gate import account_page, frame
from accounts.staff.rights import Area, Rights
from payments.merchants.models import Merchant
from payments.orders.models import Order
from payments.orders.revenue import Amounts, Facet, by_day, paid
from wechat.channels.models import Channel
from wechat.console.periods import Period, PeriodForm
from wechat.console.reports import Measure, Report, Table, TableLine, Unit, answer, zeroed
from wechat.inbox import answerers

MOST_GROUPS = 50
MEASURES = (
    Measure(gettext_lazy("Paid"), Unit.FEN),
    Measure(gettext_lazy("Of that refunded"), Unit.FEN, is_bad=True),
    Measure(gettext_lazy("Kept after refunds"), Unit.FEN),
    Measure(gettext_lazy("Orders")),
)
OF_CHANNELS = gettext_lazy(
    "The channel that first brought the payer, as far as it was known when the day was worked out."
)
Names = Mapping[str, str]
Link = Callable[[str], str]


@account_page(Area.MONEY)
def revenue(request: HttpRequest, account: OfficialAccount) -> HttpResponseBase:
    form = PeriodForm(request.GET)
    period = form.period
    found = paid(account, period)
    earlier = by_day(account, period.before.first, period.before.last)
    days = {day: _values(amounts) for day, amounts in found.days.items()}
    before = {day: _values(amounts) for day, amounts in earlier.items()}
    report = Report(
        title=_("Revenue"),
        name=f"revenue-{account.slug}",
        form=form,
        measures=MEASURES,
        days=zeroed(days, period.days, len(MEASURES)),
        before=zeroed(before, period.before.days, len(MEASURES)),
        charted=(0, 2),
        day_link=_orders_of,
        tables=list(_tables(request, account, period, found.facets)),
    )
    empty = _(
        "Nothing was paid in these days. Choose others, or make a first order: through the API, "
        "or with a payment item."
    )
    return answer(request, report, frame(request, report.title, empty=empty))


def _orders_of(day: datetime.date) -> str:
    return f"{reverse('admin:orders_order_changelist')}?since={day}&until={day}"


def _values(amounts: Amounts) -> list[int]:
    return [amounts.total, amounts.refunded, amounts.net, amounts.count]


def _tables(
    request: HttpRequest,
    account: OfficialAccount,
    period: Period,
    facets: Mapping[str, Mapping[str, Amounts]],
) -> Iterable[Table]:
    merchants = dict(Merchant.objects.filter(accounts=account).values_list("pk", "name"))
    channels = dict(Channel.objects.filter(account=account).values_list("pk", "name"))
    names: dict[Facet, tuple[str, Names]] = {
        Facet.ITEM: (_("By item"), {"": _("without an item")}),
        Facet.WAY: (_("By way"), {value: str(label) for value, label in Order.Way.choices}),
        Facet.SOURCE: (_("By maker"), _makers(facets[Facet.SOURCE])),
        Facet.MERCHANT: (_("By merchant"), {str(pk): name for pk, name in merchants.items()}),
        Facet.CHANNEL: (
            _("By channel"),
            {"": _("not known"), **{str(pk): name for pk, name in channels.items()}},
        ),
    }
    may_see_channels = Rights.of(request.user).may_view(Area.CONTENT, account.pk)

    def channel(value: str) -> str:
        is_shown = may_see_channels and value.isdecimal() and int(value) in channels
        return f"{reverse('admin:channels_report_one', args=[value])}?{period.query}" if is_shown else ""

    for facet, (title, known) in names.items():
        values = facets[facet]
        # What nobody can tell apart is told by the sums above.
        if values.keys() - {""} and (facet != Facet.MERCHANT or len(values) > 1):
            link = channel if facet == Facet.CHANNEL else None
            note = OF_CHANNELS if facet == Facet.CHANNEL else ""
            yield Table(title, facet.label, MEASURES, _lines(values, known, link), note)


def _lines(values: Mapping[str, Amounts], names: Names, link: Link | None) -> list[TableLine]:
    most = sorted(values.items(), key=lambda pair: -pair[1].total)
    lines = [
        TableLine(names.get(value, value), _values(amounts), link(value) if link else "")
        for value, amounts in most[:MOST_GROUPS]
    ]
    if rest := most[MOST_GROUPS:]:
        whole = sum((amounts for _value, amounts in rest), Amounts())
        lines.append(TableLine(_("all others"), _values(whole)))
    return lines


def _makers(values: Mapping[str, Amounts]) -> dict[str, str]:
    """Returns the names of makers of orders, such as ``api:3``, a client of our API."""
    names = answerers.names(values)
    return {value: names.of(value).name for value in values}
