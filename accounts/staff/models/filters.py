from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount


class SavedFilter(models.Model):
    """A named filter of a list, saved by a user as the query string of the list's address."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_filters")
    account = models.ForeignKey(OfficialAccount, models.CASCADE, related_name="+", db_index=False)
    # The label of the model that is listed.
    listed = models.CharField(max_length=100)
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(max_length=1000)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "user", "listed", "name"], name="saved_filter_once_per_name"
            )
        ]

    def __str__(self) -> str:
        return self.name
