"""Orders made and notifications applied a second, with few and with many orders there already.

`python -m bench.payments --rows 1000000` fills the database it is given (use a temporary one), measures,
and says how the two compare. A notification goes all the way: signature, decryption, row, order, event.
"""

import argparse
import base64
import json
import os
import secrets
import time
from collections.abc import Callable

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["ALLOWED_HOSTS"] = "testserver"
django.setup()

from Crypto.Cipher import AES  # noqa: E402
from Crypto.Hash import SHA256  # noqa: E402
from Crypto.PublicKey import RSA  # noqa: E402
from Crypto.Signature import pkcs1_15  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.models import OfficialAccount  # noqa: E402
from payments import ordering  # noqa: E402
from payments.models import Merchant, Order  # noqa: E402

FEW, TIMES = 1_000, 400
BATCH = 250_000
KEY_ID, API_V3_KEY = "PUB_KEY_ID_0119", "b" * 32

FILL = """
INSERT INTO payments_order (account_id, merchant_id, out_trade_no, source, key, purchase, way, openid,
    description, attach, item, goods, total, expires_at, state, prepay, transaction_id, trade_type, bank_type,
    payer_openid, payer_total, paid_at, reserved, refunded, calls, created_at)
SELECT %(account)s, %(merchant)s, 'BN' || n, 'bench', 'fill:' || n, '', 'jsapi', 'oBench' || n %% 50000,
    '会员年卡', '', '年卡', '[]', 100 + n %% 1000, at, CASE WHEN n %% 4 = 0 THEN 'closed' ELSE 'paid' END, '',
    CASE WHEN n %% 4 > 0 THEN '4200' || n END, 'JSAPI', 'OTHERS', '', 100,
    CASE WHEN n %% 4 > 0 THEN at END, 0, 0, 1, at
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
    LATERAL (SELECT now() - (%(rows)s - n) * (interval '90 days' / %(rows)s) AS at) AS moment
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows: int = parser.parse_args().rows
    call_command("migrate", verbosity=0)
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
        self.client = Client()

    def fill(self, first: int, rows: int) -> None:
        with connection.cursor() as cursor:
            for start in range(first, rows + 1, BATCH):
                last = min(start + BATCH - 1, rows)
                parameters = {"account": self.account.pk, "merchant": self.merchant.pk, "rows": rows}
                cursor.execute(FILL, {**parameters, "first": start, "last": last})
            cursor.execute("VACUUM ANALYZE payments_order")

    def measured(self, rows: int) -> dict[str, float]:
        orders: list[Order] = []
        made = _rate(lambda: orders.append(self.make()))
        notices = [self.notice(order) for order in orders]
        applied = _rate(lambda: self.deliver(*notices.pop()))
        print(
            f"{rows:>9,} orders: {made:6.0f} made a second, {applied:6.0f} notifications a second", flush=True
        )
        return {"orders made": made, "notifications applied": applied}

    def make(self) -> Order:
        return ordering.create(
            ordering.Wanted(
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

    def notice(self, order: Order) -> tuple[bytes, dict[str, str]]:
        """Sealed and signed beforehand: that work is the platform's."""
        said = {
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
        sealed = b"".join(cipher.encrypt_and_digest(json.dumps(said).encode()))
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
        return body, {f"Wechatpay-{k}": v for k, v in {**headers, "Signature": signature}.items()}

    def deliver(self, body: bytes, headers: dict[str, str]) -> None:
        answer = self.client.post(
            "/pay/bench/notify/transaction", body, content_type="application/json", headers=headers
        )
        if answer.status_code != 204:
            raise SystemExit(f"The notification was answered {answer.status_code}.")


def _rate(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _again in range(TIMES):
        work()
    return TIMES / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
