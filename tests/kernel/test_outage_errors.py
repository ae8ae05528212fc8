"""Tests of the detection of outages by their errors."""

import psycopg
import pytest
from django.db import DatabaseError, InternalError, OperationalError, connection, transaction

from wechat.kernel import outage_errors

pytestmark = pytest.mark.django_db


def test_a_postgres_that_takes_no_rows_is_as_good_as_away() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        with pytest.raises(DatabaseError) as raised, transaction.atomic():
            cursor.execute("DELETE FROM kernel_hold")
    assert outage_errors.outage_of(raised.value) == outage_errors.POSTGRES


@pytest.mark.parametrize(
    ("nonsense", "cause"),
    [
        (DatabaseError("lost synchronization"), psycopg.DatabaseError("lost synchronization with server")),
        (InternalError("received 2 results"), psycopg.InternalError("received 2 results")),
    ],
)
def test_a_connection_that_brings_nonsense_is_an_outage(nonsense: Exception, cause: Exception) -> None:
    nonsense.__cause__ = cause
    assert outage_errors.outage_of(nonsense) == outage_errors.POSTGRES


@pytest.mark.parametrize("error", [DatabaseError("did not affect any rows"), InternalError("no such state")])
def test_an_error_of_django_is_no_outage(error: Exception) -> None:
    assert outage_errors.outage_of(error) == ""


def test_what_a_query_got_wrong_is_no_outage() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 1")
        with pytest.raises(OperationalError) as raised, transaction.atomic():
            cursor.execute("SELECT pg_sleep(60)")
    assert outage_errors.outage_of(raised.value) == ""
