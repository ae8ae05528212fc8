from django.db import models


class Edition(models.Model):
    """How often a set of tables was edited; triggers count, processes compare (see ``editions``)."""

    name = models.CharField(max_length=40, primary_key=True)
    number = models.BigIntegerField(default=1)

    class Meta:
        verbose_name = "edition"

    def __str__(self) -> str:
        return f"{self.name} {self.number}"
