"""The banks of payments and of payouts to cards, in words. WeChat Pay reference 5.1 and 5.3."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

NAMES = {
    "ICBC": gettext_lazy("Industrial and Commercial Bank of China"),
    "ABC": gettext_lazy("Agricultural Bank of China"),
    "BOC": gettext_lazy("Bank of China"),
    "CCB": gettext_lazy("China Construction Bank"),
    "COMM": gettext_lazy("Bank of Communications"),
    "PSBC": gettext_lazy("Postal Savings Bank of China"),
    "CMB": gettext_lazy("China Merchants Bank"),
    "SPDB": gettext_lazy("Shanghai Pudong Development Bank"),
    "CIB": gettext_lazy("Industrial Bank"),
    "CITIC": gettext_lazy("China CITIC Bank"),
    "CEB": gettext_lazy("China Everbright Bank"),
    "CMBC": gettext_lazy("China Minsheng Bank"),
    "PAB": gettext_lazy("Ping An Bank"),
    "GDB": gettext_lazy("China Guangfa Bank"),
    "NBCB": gettext_lazy("Bank of Ningbo"),
}
DEBIT_CARDS = {f"{code}_DEBIT": name for code, name in NAMES.items()}


def in_words(bank_type: str) -> str:
    """Returns what a payment came from, such as “Bank of China, credit card”; unknown codes as they are.

    ``OTHERS`` is the balance in WeChat, or a bank without a code.
    """
    if bank_type == "OTHERS":
        return _("WeChat balance or another bank")
    bank, _separator, kind = bank_type.partition("_")
    if bank in NAMES and kind == "DEBIT":
        return _("%(bank)s, debit card") % {"bank": NAMES[bank]}
    if bank in NAMES and kind == "CREDIT":
        return _("%(bank)s, credit card") % {"bank": NAMES[bank]}
    return bank_type
