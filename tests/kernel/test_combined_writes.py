"""Rows written in one statement: all of them, or none."""

import pytest
from django.contrib.auth.models import Group

from wechat.kernel.combined_writes import Changed, insert, update_and_insert

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> Group:
    return Group.objects.create(name="before")


def test_a_row_is_changed_and_others_are_new(group: Group) -> None:
    group.name = "after"
    update_and_insert(group, ["name"], Group(name="first"), Group(name="second"), was={"name": "before"})
    assert set(Group.objects.values_list("name", flat=True)) == {"after", "first", "second"}


def test_of_a_row_that_somebody_else_has_changed_nothing_is_written(group: Group) -> None:
    Group.objects.update(name="of somebody else")
    group.name = "after"
    with pytest.raises(Changed):
        update_and_insert(group, ["name"], Group(name="first"), was={"name": "before"})
    assert Group.objects.get().name == "of somebody else"


def test_a_new_row_gets_its_id() -> None:
    group = Group(name="new")
    insert(group)
    assert Group.objects.get(pk=group.pk).name == "new"
