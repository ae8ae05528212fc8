from django.db import models


class Edition(models.Model):
    """The newest edit of a set of tables; triggers number them, processes compare (see ``editions``)."""

    name = models.CharField(max_length=40, primary_key=True)
    number = models.BigIntegerField()

    class Meta:
        verbose_name = "edition"

    def __str__(self) -> str:
        return f"{self.name} {self.number}"
