"""The export of an item's buyers, with a column for every question that was ever asked."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.followers import people
from accounts.staff.personal_data import shown
from payments.shop.models import Item, Sale
from payments.shop.selling import IS_PAID, Answers
from wechat.console.tables.writing import Row
from wechat.sdk.pay.money import decimal_yuan

BATCH = 1000
# Its words, and which of those with the same words it is.
Question = tuple[str, int]


def rows(item: Item, *, masked: bool = False) -> Iterator[Row]:
    """Yields the column names, then a row for each paid order, oldest first; buyers may be masked."""
    sales = Sale.objects.filter(IS_PAID, item=item).select_related("order").order_by("pk")
    questions = _questions(sales)
    fixed = [
        _("Order number"),
        _("Paid at"),
        _("OpenID"),
        _("Payer"),
        _("Amount (yuan)"),
        _("State"),
        _("Delivery"),
        _("Delivery note"),
    ]
    yield [*fixed, *(question if time == 1 else f"{question} ({time})" for question, time in questions)]
    rows = sales.iterator(BATCH)
    while part := list(islice(rows, BATCH)):
        people.attach_people(part, account_id=lambda sale: item.account_id)
        for sale in part:
            answers = dict(_numbered(sale.answers))
            filled_in = (shown(answers.get(question, ""), allowed=not masked) for question in questions)
            yield [*_fixed(sale, masked=masked), *filled_in]


def _fixed(sale: Sale, *, masked: bool) -> Row:
    order = sale.order
    assert order.paid_at is not None
    return [
        order.out_trade_no,
        f"{timezone.localtime(order.paid_at):%Y-%m-%d %H:%M:%S}",
        shown(sale.openid, allowed=not masked),
        shown(str(people.of_row(sale)), allowed=not masked),
        decimal_yuan(order.total),
        order.get_state_display(),
        sale.get_fulfilment_display(),
        shown(sale.fulfilment_note, allowed=not masked),
    ]


def _questions(sales: QuerySet[Sale]) -> list[Question]:
    """Returns the questions in the order in which they first appeared.

    An item's questions may have changed meanwhile.
    """
    found: dict[Question, None] = {}
    for answers in sales.values_list("answers", flat=True).iterator(BATCH):
        found.update(dict.fromkeys(question for question, _answer in _numbered(answers)))
    return list(found)


def _numbered(answers: Answers) -> Iterator[tuple[Question, str]]:
    """Yields one buyer's answers by question; a repeated question is numbered."""
    times: Counter[str] = Counter()
    for question, answer in answers:
        times[question] += 1
        yield (question, times[question]), answer
