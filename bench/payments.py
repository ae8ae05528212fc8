"""The benchmark of creating orders and applying notifications, with few and with many existing orders.

Run by ``make bench ARGS='payments --rows 1000000'``, which compares the two. A notification passes all steps:
signature, decryption, row, order, event.
The reference is writing the same rows by plain SQL in one transaction each: the cost of Postgres itself.
Under load, several threads deliver at once, and the duration of each answer is measured.
"""

import argparse
import base64
import json
import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["ALLOWED_HOSTS"] = "testserver"
# As in production, because with DEBUG Django records all statements.
os.environ |= {"DEBUG": "0", "SECRET_KEY": "bench"}
django.setup()

from Crypto.Cipher import AES  # noqa: E402
from Crypto.Hash import SHA256  # noqa: E402
from Crypto.PublicKey import RSA  # noqa: E402
from Crypto.Signature import pkcs1_15  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import RequestFactory  # noqa: E402

from accounts.official.models import OfficialAccount  # noqa: E402
from bench.database import make_tables  # noqa: E402
from payments.merchants.models import Merchant  # noqa: E402
from payments.orders import ordering  # noqa: E402
from payments.orders.models import Order  # noqa: E402

FEW, TIMES, A_TURN, THREADS = 1_000, 400, 20, 6
BATCH = 250_000
KEY_ID, API_V3_KEY = "PUB_KEY_ID_0119", "b" * 32

FILL = """
INSERT INTO orders_order (account_id, merchant_id, out_trade_no, source, key, purchase, way, openid,
    description, attach, item, goods, total, expires_at, state, prepay, transaction_id, trade_type, bank_type,
    payer_openid, payer_total, paid_at, reserved, refunded, calls, created_at, attempts, error)
SELECT %(account)s, %(merchant)s, 'BN' || n, 'bench', 'fill:' || n, '', 'jsapi', 'oBench' || n %% 50000,
    '会员年卡', '', '年卡', '[]', 100 + n %% 1000, at, CASE WHEN n %% 4 = 0 THEN 'closed' ELSE 'paid' END, '',
    CASE WHEN n %% 4 > 0 THEN '4200' || n END, 'JSAPI', 'OTHERS', '', 100,
    CASE WHEN n %% 4 > 0 THEN at END, 0, 0, 1, at, 0, ''
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
    LATERAL (SELECT now() - (%(rows)s - n) * (interval '90 days' / %(rows)s) AS at) AS moment
"""
BARE_ORDER = """
WITH made AS (
    INSERT INTO orders_order (account_id, merchant_id, out_trade_no, source, key, purchase, way, openid,
        description, attach, item, goods, total, expires_at, state, prepay, trade_type, bank_type,
        payer_openid, reserved, refunded, calls, created_at, due_at, attempts,
        error)
    VALUES (%(account)s, %(merchant)s, %(number)s, 'bare', %(number)s, '', 'jsapi', 'oBench', '会员年卡', '',
        '', '[]', 10000, now(), 'created', '', '', '', '', 0, 0, 0, now(), now(), 0, '')
    RETURNING id)
INSERT INTO orders_step (order_id, kind, at, by, text) SELECT id, 'created', now(), 'bench', '' FROM made
"""
BARE_NOTIFICATION = (
    "SELECT * FROM orders_order WHERE out_trade_no = %(number)s FOR UPDATE",
    """UPDATE orders_order SET state = 'paid', due_at = NULL, transaction_id = %(number)s,
    trade_type = 'JSAPI', payer_openid = 'oBench', payer_total = 10000, paid_at = now()
    WHERE out_trade_no = %(number)s""",
    """INSERT INTO orders_step (order_id, kind, at, by, text)
    SELECT id, 'moved', now(), 'bench', '' FROM orders_order WHERE out_trade_no = %(number)s""",
    """INSERT INTO orders_orderevent (topic, order_id, handled_by, attempts, error, due_at, created_at)
    SELECT 'order.paid', id, '[]', 0, '', now(), now() FROM orders_order
    WHERE out_trade_no = %(number)s""",
    """INSERT INTO notifications_notification (merchant_id, order_id, notification_id, event_type,
    original_type, summary, raw, resource, state, error, attempts, received_at)
    SELECT merchant_id, id, %(number)s, '', '', '', repeat('x', 900), '{}', 'applied', '', 1, now()
    FROM orders_order WHERE out_trade_no = %(number)s""",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows: int = parser.parse_args().rows
    make_tables()
    bench = Bench()
    bench.fill(1, FEW)
    few = bench.measured(FEW)
    bench.fill(FEW + 1, rows)
    many = bench.measured(rows)
    for name in few:
        print(f"{name}: {many[name] / few[name]:.2f} of the speed with {FEW:,} orders")


class Bench:
    def __init__(self) -> None:
        self.platform = RSA.generate(2048)
        self.account = OfficialAccount.objects.create(
            slug="bench", name="bench", appid=f"wx{'b' * 16}", token="bench", mode="plain"
        )
        self.merchant = Merchant.objects.create(
            slug="bench",
            name="bench",
            mchid="1900000109",
            serial_no="A" * 40,
            private_key=RSA.generate(2048).export_key(pkcs=8).decode(),
            api_v3_key=API_V3_KEY,
            public_key_id=KEY_ID,
            public_key=self.platform.public_key().export_key().decode(),
        )
        self.merchant.accounts.add(self.account)
        self.handler = get_wsgi_application()

    def fill(self, first: int, rows: int) -> None:
        with connection.cursor() as cursor:
            for start in range(first, rows + 1, BATCH):
                last = min(start + BATCH - 1, rows)
                parameters = {"account": self.account.pk, "merchant": self.merchant.pk, "rows": rows}
                cursor.execute(FILL, {**parameters, "first": start, "last": last})
            cursor.execute("VACUUM ANALYZE orders_order")
            cursor.execute("CHECKPOINT")

    def measured(self, rows: int) -> dict[str, float]:
        orders: list[Order] = []
        self.under_load()  # everything is imported and cached
        numbers: list[str] = []
        made, bare_made = _rates(
            lambda: orders.append(self.make()), lambda: numbers.append(self.bare_order())
        )
        notifications = [self.notification(order) for order in orders]
        applied, bare_applied = _rates(
            lambda: self.deliver(notifications.pop()), lambda: self.bare_notification(numbers.pop())
        )
        print(f"{rows:>9,} orders: {made:4.0f} made a second, {made / bare_made:.2f} of bare SQL")
        print(f"{'':>9}  {applied:12.0f} notifications a second, {applied / bare_applied:.2f} of bare SQL")
        print(f"{'':>9}  under load: {self.under_load()}", flush=True)
        return {"orders made": made, "notifications applied": applied}

    def under_load(self) -> str:
        """Returns the durations of answers to concurrent notifications while orders are created, as text."""
        notifications = [self.notification(self.make()) for _order in range(TIMES)]
        with ThreadPoolExecutor(THREADS) as pool:
            took = sorted(pool.map(self.busy, notifications))
        half, most = took[len(took) // 2], took[len(took) * 99 // 100]
        return f"half within {half:.0f} ms, 99 % within {most:.0f} ms, all within {took[-1]:.0f} ms"

    def busy(self, notification: HttpRequest) -> float:
        self.make()
        began = time.perf_counter()
        self.deliver(notification)
        took = (time.perf_counter() - began) * 1000
        # Returns the connection to the pool, which has only a few.
        connection.close()
        return took

    def bare_order(self) -> str:
        number = secrets.token_hex(13)
        parameters: dict[str, Any] = {
            "account": self.account.pk,
            "merchant": self.merchant.pk,
            "number": number,
        }
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(BARE_ORDER, parameters)
        return number

    def bare_notification(self, number: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in BARE_NOTIFICATION:
                cursor.execute(statement, {"number": number})

    def make(self) -> Order:
        return ordering.create(
            ordering.OrderRequest(
                account=self.account,
                merchant=self.merchant,
                source="bench",
                key=secrets.token_hex(16),
                way=Order.Way.JSAPI,
                total=10000,
                description="会员年卡",
                openid="oBench",
            )
        )

    def notification(self, order: Order) -> HttpRequest:
        """Returns the request of a notification, encrypted and signed like the platform's."""
        transaction = {
            "mchid": self.merchant.mchid,
            "appid": self.account.appid,
            "out_trade_no": order.out_trade_no,
            "transaction_id": secrets.token_hex(14),
            "trade_state": "SUCCESS",
            "trade_type": "JSAPI",
            "success_time": "2026-03-02T10:00:00+08:00",
            "payer": {"openid": order.openid},
            "amount": {"total": order.total, "payer_total": order.total, "currency": "CNY"},
        }
        cipher = AES.new(API_V3_KEY.encode(), AES.MODE_GCM, nonce=b"0123456789ab")
        cipher.update(b"transaction")
        sealed = b"".join(cipher.encrypt_and_digest(json.dumps(transaction).encode()))
        resource = {
            "original_type": "transaction",
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": "transaction",
            "nonce": "0123456789ab",
        }
        envelope = {"id": secrets.token_hex(16), "event_type": "TRANSACTION.SUCCESS", "resource": resource}
        body, now = json.dumps(envelope).encode(), str(int(time.time()))
        signed = pkcs1_15.new(self.platform).sign(SHA256.new(f"{now}\nn\n".encode() + body + b"\n"))
        headers = {"Timestamp": now, "Nonce": "n", "Serial": KEY_ID}
        signature = base64.b64encode(signed).decode()
        return RequestFactory().post(
            "/pay/bench/notify/transaction",
            body,
            content_type="application/json",
            headers={f"Wechatpay-{k}": v for k, v in {**headers, "Signature": signature}.items()},
        )

    def deliver(self, request: HttpRequest) -> None:
        answer = self.handler.get_response(request)
        if answer.status_code != 204:
            raise SystemExit(f"The notification was answered {answer.status_code}.")
        answer.close()


def _rates(*works: Callable[[], object]) -> list[float]:
    """Returns the rate of each work per second; they alternate, so that other load slows down all alike."""
    seconds = [0.0] * len(works)
    for _turn in range(TIMES // A_TURN):
        for number, work in enumerate(works):
            began = time.perf_counter()
            for _again in range(A_TURN):
                work()
            seconds[number] += time.perf_counter() - began
    return [TIMES / spent for spent in seconds]


if __name__ == "__main__":
    main()
