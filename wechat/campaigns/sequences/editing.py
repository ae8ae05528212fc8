"""The edits of a sequence's steps; after each, the enrolments are processed again."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from wechat.campaigns.models import Sequence, SequenceStep
from wechat.campaigns.sequences import enrolling, paths
from wechat.campaigns.sequences.paths import Node, NoSuchPlace, Place


class TooMany(Exception):
    """The error for a sequence that would have more steps than allowed."""


@contextmanager
def _steps(sequence: Sequence) -> Iterator[list[Node]]:
    """Yields the steps as a tree, and stores the changed tree when the block ends. Raises ``TooMany``."""
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
        enrolling.reschedule(sequence)


def add(step: SequenceStep, place: Place) -> None:
    """Adds a new step at a place. Raises ``NoSuchPlace``, ``TooDeep`` or ``TooMany``."""
    with _steps(step.sequence) as nodes:
        paths.insert(nodes, place, Node(step))


def change(step: SequenceStep) -> None:
    """Saves the changed fields of a step, but not its place."""
    with transaction.atomic():
        where = ("position", "branch", "lane", "sequence", "type")
        names = [field.name for field in step._meta.concrete_fields if not field.primary_key]
        step.save(update_fields=[name for name in names if name not in where])
        enrolling.reschedule(step.sequence)


def move(sequence: Sequence, pk: int, place: Place) -> None:
    """Moves a step with the steps in its lanes. Raises ``NoSuchPlace`` or ``TooDeep``."""
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
    """Removes a step with the steps in its lanes. Raises ``NoSuchPlace``."""
    with _steps(sequence) as nodes:
        paths.take_out(nodes, pk).step.delete()
