"""The names of staff as marks, in the message log and among sent messages."""

from collections.abc import Mapping, Sequence

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy

from wechat.inbox.answerers import Answerer, named

PREFIX = "staff"


def mark(user: User) -> str:
    """Returns the mark of a member of staff who answered, as ``staff:7``."""
    return f"{PREFIX}:{user.pk}"


def is_mark(by: str) -> bool:
    return by.startswith(f"{PREFIX}:")


def name(user: User) -> str:
    return user.get_full_name() or user.get_username()


@named(PREFIX, gone=gettext_lazy("a colleague who left"))
def names(ids: Sequence[str]) -> Mapping[str, Answerer]:
    found = User.objects.in_bulk([int(each) for each in ids if each.isdecimal()])
    return {str(pk): Answerer(name(user)) for pk, user in found.items()}
