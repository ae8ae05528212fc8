"""Buyers by the telephone number that they filled in."""

import re
from functools import reduce
from operator import or_

from django.db.models import Q

# At least the seven digits of the shortest local number; with brackets, as some write the area code.
TELEPHONE = re.compile(r"^[+(]?(?:[0-9][ ()-]*){7,20}\Z")


def filled_in(number: str) -> Q | None:
    """Returns the condition on ``Sale`` for this telephone number, in any usual spelling.

    ``None`` if the words are no telephone number."""
    if not TELEPHONE.match(number):
        return None
    return reduce(or_, (Q(answers__contains=[[each]]) for each in _spellings(number)))


def _spellings(number: str) -> set[str]:
    digits = re.sub(r"\D", "", number)
    parts = (digits[:3], digits[3:7], digits[7:])
    return {number, digits, " ".join(parts), "-".join(parts)}
