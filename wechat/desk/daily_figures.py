"""The daily figure of how quickly people answer."""

import datetime
from collections.abc import Mapping

from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from accounts.staff.daily_figures import SOURCES, Figure, FigureSource
from accounts.staff.rights import Area
from wechat.console.periods import DAY
from wechat.console.reports import Aggregation, Measure, Unit
from wechat.sdk.beijing import midnight

# The ORM has no ordered-set aggregates.
MEDIANS = """
SELECT (at AT TIME ZONE %(zone)s)::date AS day,
    ceil(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM waited)) / 60)::int
FROM desk_replytime WHERE account_id = %(account)s AND at >= %(begins)s AND at < %(ends)s GROUP BY day
"""


def by_day(
    account: OfficialAccount, first: datetime.date, last: datetime.date
) -> Mapping[str, Mapping[datetime.date, int]]:
    """Returns the median reply time of each day, in minutes that are rounded up."""
    asked: dict[str, str | int | datetime.datetime] = {
        "zone": timezone.get_default_timezone_name(),
        "account": account.pk,
        "begins": midnight(first),
        "ends": midnight(last + DAY),
    }
    with connection.cursor() as cursor:
        cursor.execute(MEDIANS, asked)
        return {"answered_within": dict(cursor.fetchall())}


SOURCES.add(
    "desk",
    FigureSource(
        (
            Figure(
                "answered_within",
                Measure(
                    _("Answered by a person within"),
                    Unit.MINUTES,
                    Aggregation.NONE,
                    is_bad=True,
                ),
                Area.MESSAGES,
                lambda first, last: reverse("admin:desk"),
            ),
        ),
        by_day,
    ),
)
