"""Tests that an app's tables are only written by that app, in Python or SQL."""

from pathlib import Path

import pytest

from config import tables
from config.embedded import PROJECT
from config.tables import OwnedTable

HEIGHTS = {"shop": 2, "people": 1}
TABLES = {
    "shop_item": OwnedTable("shop_item", "shop"),
    "people_person": OwnedTable("people_person", "people"),
}


def problems(project: Path, room: str, source: str) -> list[str]:
    folder = project / room
    folder.mkdir()
    (folder / "queries.py").write_text(source)
    return list(tables.trespasses(project, TABLES, HEIGHTS))


def test_sql_of_the_project_keeps_to_its_rooms() -> None:
    assert list(tables.trespasses(PROJECT, tables.tables_of_rooms(), tables.ladder(PROJECT))) == []


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO people_person (name) VALUES (%s)",
        "UPDATE people_person SET name = ''",
        "DELETE FROM people_person USING shop_item",
        "COPY people_person FROM STDIN",
    ],
)
def test_writing_to_a_table_of_another_room_is_found(tmp_path: Path, sql: str) -> None:
    (found,) = problems(tmp_path, "shop", f'SQL = """{sql}"""')
    assert found == "shop/queries.py:1: writes people_person, a table of people"


def test_a_table_of_a_room_below_is_read(tmp_path: Path) -> None:
    assert not problems(tmp_path, "shop", 'SQL = "SELECT * FROM shop_item JOIN people_person USING (id)"')


def test_a_table_of_a_room_above_is_not(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "people", 'SQL = "SELECT count(*) FROM shop_item"')
    assert found == "people/queries.py:1: reads shop_item, a table of shop, which is not below"
