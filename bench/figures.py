"""Pages of figures with a year of orders behind them, and what keeping the figures costs.

`python -m bench.figures --orders 5000000` fills the database it is given (use a temporary
one). Each page is said with its milliseconds and queries; the sums are compared with the rows at the end.
"""

import argparse
import time
from collections.abc import Callable
from typing import TypeVar

from django.core.management import call_command

from bench.orders import fill, measure, signed_in
from payments.orders import revenue
from wechat.console.periods import Period
from wechat.kernel import work

YEAR = 365
Result = TypeVar("Result")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    orders: int = parser.parse_args().orders
    call_command("migrate", verbosity=0)
    account = _told(f"{orders:,} orders of a year, filled", lambda: fill(orders))
    client = signed_in(account)
    page = f"/admin/orders/order/revenue/?{Period.until_today(YEAR).query}"
    measure(client, "revenue of a year, nothing summed", page)
    days = Period.until_today(YEAR + 1).days
    revenue.note_days(account.pk, days)
    _told(f"{len(days)} days summed", lambda: work.run_all("orders.sum_revenue"))
    measure(client, "revenue of a year", page)
    measure(client, "revenue of 30 days", "/admin/orders/order/revenue/")
    call_command("check_figures")


def _told(what: str, do: Callable[[], Result]) -> Result:
    began = time.perf_counter()
    result = do()
    print(f"{what} in {time.perf_counter() - began:.1f} s", flush=True)
    return result


if __name__ == "__main__":
    main()
