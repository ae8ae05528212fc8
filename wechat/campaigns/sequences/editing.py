"""The changes of a sequence's steps; people in it get their next step computed again."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from wechat.campaigns.models import Sequence, SequenceStep
from wechat.campaigns.sequences import enrolling, paths
from wechat.campaigns.sequences.paths import Node, NoSuchPlace, Place


class TooMany(Exception):
    """The error for a sequence that has as many steps as it can have."""


@contextmanager
def _steps(sequence: Sequence) -> Iterator[list[Node]]:
    """Yields the steps as a tree, and stores the tree as it is when the block ends. Raises ``TooMany``."""
    with transaction.atomic():
        Sequence.objects.select_for_update(no_key=True).get(pk=sequence.pk)
        nodes = paths.tree(sequence.steps.order_by("position"))
        yield nodes
        steps = paths.number(nodes)
        if len(steps) > paths.MOST:
            raise TooMany
        for step in steps:
            if not step.pk:
                step.save()
        SequenceStep.objects.bulk_update(steps, ["position", "branch", "lane"])
        enrolling.look_again(sequence)


def add(step: SequenceStep, place: Place) -> None:
    """Puts a new step into a place. Raises ``NoSuchPlace``, ``TooDeep`` or ``TooMany``."""
    with _steps(step.sequence) as nodes:
        paths.insert(nodes, place, Node(step))


def change(step: SequenceStep) -> None:
    """Stores what was changed about a step, but not where it is."""
    with transaction.atomic():
        where = ("position", "branch", "lane", "sequence", "type")
        names = [field.name for field in step._meta.concrete_fields if not field.primary_key]
        step.save(update_fields=[name for name in names if name not in where])
        enrolling.look_again(step.sequence)


def move(sequence: Sequence, pk: int, place: Place) -> None:
    """Moves a step, with what is in its lanes. Raises ``NoSuchPlace`` or ``TooDeep``."""
    with _steps(sequence) as nodes:
        paths.insert(nodes, place, paths.take_out(nodes, pk))


def move_by_one(sequence: Sequence, pk: int, *, up: bool) -> None:
    """Moves a step up or down by one place. Raises ``NoSuchPlace``."""
    with _steps(sequence) as nodes:
        earlier, later = paths.neighbours(nodes, pk)
        place = earlier if up else later
        if place is None:
            raise NoSuchPlace
        paths.insert(nodes, place, paths.take_out(nodes, pk))


def remove(sequence: Sequence, pk: int) -> None:
    """Removes a step, with what is in its lanes. Raises ``NoSuchPlace``."""
    with _steps(sequence) as nodes:
        paths.take_out(nodes, pk).step.delete()
