"""The abstract model of rows that keep the trace of the request that created them."""

from django.db import models

from wechat.kernel import tracing


class Traced(models.Model):
    """A row whose later work belongs to the request that made it; see ``tracing``."""

    trace = models.CharField(
        max_length=tracing.LENGTH, blank=True, default=tracing.current, db_default="", editable=False
    )

    class Meta:
        abstract = True
