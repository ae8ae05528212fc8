"""The fault drill: ``make drill``, or ``python -m bench.drill`` with a database of its own.

Starts a whole installation that reaches Postgres, Redis, WeChat, WeChat Pay and a receiver of webhooks
through proxies, applies each kind of fault to one after the other while all kinds of work go on, kills and
freezes its processes, and checks the platform's ledger: nothing is lost, nothing is sent twice, money is
equal. ``--only postgres:down`` performs one row; a run of all rows rewrites ``docs/resilience.md``. The exit
code is 1 if any cell failed, or if there was no time for all rows.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# One connection for each column, and one for the judge.
os.environ["DB_POOL_SIZE"] = "40"
django.setup()

from django.conf import settings  # noqa: E402

DATABASE = settings.DATABASES["default"]
# The judge has to write even while the database refuses writes of the installation.
DATABASE["OPTIONS"]["options"] = "-c default_transaction_read_only=off -c application_name=drill"
# The drill's own connections end as well when Postgres crashes.
DATABASE["CONN_HEALTH_CHECKS"] = True

from bench.drill import report  # noqa: E402
from bench.drill.drills import DRILLS, FAULT_SECONDS, Drill  # noqa: E402
from bench.drill.installation import Choice, Installation, installed  # noqa: E402
from bench.drill.run import Row  # noqa: E402
from bench.drill.servers import Missing  # noqa: E402
from config.embedded.interruption import exit_on_signal  # noqa: E402

LOOK_SECONDS = 2.0
AS_SHIPPED = ("redis", "")  # broker and pooler
# The exit code of skipped test programs.
NOT_INSTALLED = 77


def main() -> int:
    options = _options()
    exit_on_signal()
    chosen = [each for each in DRILLS if not options.only or each.name in options.only]
    try:
        with _folder(options.logs) as folder, installed(folder, _choice(options)) as there:
            rows = _performed(chosen, there, time.monotonic() + options.minutes * 60)
    except Missing as missing:
        print(missing, flush=True)
        return NOT_INSTALLED
    failed = any(cell.wrong for row in rows.values() for cell in row.values())
    is_whole = len(rows) == len(DRILLS)
    if is_whole and (options.broker, options.pooler) == AS_SHIPPED:
        report.write({each.name: rows[each.name] for each in DRILLS}, FAULT_SECONDS)
    return 1 if failed or len(rows) < len(chosen) else 0


def _performed(chosen: Sequence[Drill], there: Installation, ends: float) -> dict[str, report.Cells]:
    """Performs the drills one after the other, and judges each as soon as its work is finished."""
    judged: dict[str, report.Cells] = {}
    waiting: list[Row] = []
    report.head()
    for number, drill in enumerate(chosen):
        if time.monotonic() > ends:
            print(f"There was no time for {len(chosen) - number} of the drills.", flush=True)
            break
        row = Row(drill, there, f"{number:02d}")
        row.perform()
        waiting = _judge([*waiting, row], judged)
    while waiting:
        time.sleep(LOOK_SECONDS)
        waiting = _judge(waiting, judged)
    return judged


def _judge(rows: Sequence[Row], judged: dict[str, report.Cells]) -> list[Row]:
    """Judges the settled rows; returns the others."""
    left = []
    for row in rows:
        if row.is_settled():
            judged[row.drill.name] = row.cells()
            report.print_row(row.drill.name, judged[row.drill.name])
        else:
            left.append(row)
    return left


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    """Yields the folder for the programs' output: the given one, else a temporary one."""
    if kept is not None:
        kept.mkdir(parents=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="wechat-console-drill-") as name:
        yield Path(name)


def _choice(options: argparse.Namespace) -> Choice:
    return Choice(options.broker, options.pooler)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=[each.name for each in DRILLS],
        metavar="NAME",
        help="only this drill; may be repeated",
    )
    broker, pooler = AS_SHIPPED
    parser.add_argument("--broker", choices=["redis", "rabbitmq"], default=broker)
    parser.add_argument("--pooler", choices=["pgbouncer"], default=pooler)
    parser.add_argument("--minutes", type=float, default=50, help="no drill begins after so many")
    parser.add_argument("--logs", type=Path, help="a new folder for what the programs tell, to be kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
