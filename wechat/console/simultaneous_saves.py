"""Two saves at the same moment: what each found when it looked was right, and Postgres refuses the second.

A form checks that a name is free, and that a chosen row exists, before it saves; in between, another request
may take the name or delete the row. Two requests may also wait for each other's rows, of which Postgres
refuses one. The refused view then runs once more: it finds what the other has saved and says what is wrong,
as it does to somebody who comes a second later.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.contrib.messages.storage import default_storage
from django.db import DatabaseError, IntegrityError, transaction
from django.http import HttpRequest
from psycopg.errors import DeadlockDetected

Answer = TypeVar("Answer")
View = TypeVar("View", bound=Callable[..., Any])


def checks_again(view: View) -> View:
    """Decorates a view that saves what it has checked; see ``answer``."""

    @functools.wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return answer(request, lambda: view(request, *args, **kwargs))

    return cast(View, page)


def answer(request: HttpRequest, view: Callable[[], Answer]) -> Answer:
    """Returns the answer of a view; a POST runs in a transaction, and again if it met another save."""
    if request.method != "POST":
        return view()
    try:
        return _in_transaction(view)
    except DatabaseError as error:
        if not _met_another(error):
            raise
    _begin_again(request)
    return _in_transaction(view)


def _met_another(error: DatabaseError) -> bool:
    return isinstance(error, IntegrityError) or isinstance(error.__cause__, DeadlockDetected)


@transaction.atomic
def _in_transaction(view: Callable[[], Answer]) -> Answer:
    return view()


def _begin_again(request: HttpRequest) -> None:
    """Drops the messages of a save that failed, and rewinds the uploaded files."""
    vars(request)["_messages"] = default_storage(request)
    for _name, files in request.FILES.lists():
        for file in files:
            file.seek(0)
