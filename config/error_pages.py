"""What the page of an error may tell while ``DEBUG`` is set."""

import re

from django.views.debug import SafeExceptionReporterFilter


class ReporterFilter(SafeExceptionReporterFilter):
    """Hides the addresses of servers as well, because passwords are part of them."""

    hidden_settings = re.compile(
        rf"{SafeExceptionReporterFilter.hidden_settings.pattern}|URL|LOCATION", re.IGNORECASE
    )
