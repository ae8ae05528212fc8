"""Merchants at the simulator, with their rows here."""

from accounts.official.models import OfficialAccount
from payments.merchants.models import Merchant
from tests.simulated import Simulated

API_V3_KEY = "k" * 32


def create_merchant(
    simulated: Simulated, account: OfficialAccount, mchid: str, *, name: str = "商户"
) -> Merchant:
    """Creates a merchant of the account, at the simulator and here, in the mode of public keys."""
    given = simulated.create_merchant(
        mchid, account.appid, apiv3_key=API_V3_KEY, key_mode="public_key", name=name
    )
    merchant = Merchant.objects.create(
        slug="shop",
        name=name,
        mchid=mchid,
        serial_no=given["serial_no"],
        private_key=given["private_key"],
        api_v3_key=API_V3_KEY,
        public_key_id=given["platform"]["public_key_id"],
        public_key=given["platform"]["public_key"],
    )
    merchant.accounts.add(account)
    return merchant
