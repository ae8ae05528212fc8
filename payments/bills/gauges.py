"""The gauge of open discrepancies."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from payments.bills.models import Discrepancy
from payments.merchants.models import Merchant
from wechat.kernel.exposition import gauges


@gauges("discrepancies")
def discrepancies() -> Iterator[Metric]:
    """Yields the number of open discrepancies of all merchants, by an index that starts with the merchant."""
    merchants = list(Merchant.objects.values_list("pk", flat=True))
    discrepancies = Discrepancy.objects.filter(merchant__in=merchants, state=Discrepancy.State.OPEN).count()
    yield GaugeMetricFamily(
        "wechat_discrepancies_open", "Discrepancies that wait for finance", value=discrepancies
    )
