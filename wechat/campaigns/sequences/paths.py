"""The steps of a sequence as a tree, and the order in which a follower does them.

Steps are stored in one order, those of a branch directly after it, so that one rule finds the next step: the
first one after all that were done which is in no lane, or in the lane that was taken. No other progress is
stored: a sequence may be edited while followers are in it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wechat.campaigns.models import SequenceStep
from wechat.kernel.row_ids import row_id

Lane, Type = SequenceStep.Lane, SequenceStep.Type

# The deepest nesting of branches, and the most steps of a sequence.
DEEPEST = 3
MOST = 60


def following(steps: Sequence[SequenceStep], done: Mapping[int, str]) -> SequenceStep | None:
    """Returns the step after those that were ``done``; ``None`` at the end.

    ``done`` maps the ids of steps to the lane that was taken there.
    """
    reached = max((step.position for step in steps if step.pk in done), default=-1)
    return next((step for step in steps if step.position > reached and _is_on_the_way(step, done)), None)


def _is_on_the_way(step: SequenceStep, done: Mapping[int, str]) -> bool:
    return step.branch_id is None or done.get(step.branch_id) == step.lane


@dataclass(slots=True)
class Node:
    """A step with the steps of its lanes."""

    step: SequenceStep
    yes: list["Node"] = field(default_factory=list)
    no: list["Node"] = field(default_factory=list)

    def lane(self, name: str) -> list["Node"]:
        return self.yes if name == Lane.YES else self.no


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a step: after the step ``of``, first in a ``lane`` of it, or (``of`` 0) first of all."""

    of: int = 0
    lane: str = ""

    @classmethod
    def read(cls, text: str) -> "Place":
        """Returns the place for ``after:12``, ``yes:12`` or ``no:12``.

        Any other text means the beginning of the sequence.
        """
        kind, _colon, number = text.partition(":")
        step = row_id(number)
        if kind not in ("after", *Lane) or step is None:
            return cls()
        return cls(step, "" if kind == "after" else kind)

    def __str__(self) -> str:
        return f"{self.lane or 'after'}:{self.of}" if self.of else "first"


class NoSuchPlace(Exception):
    """The error for a place whose step no longer exists, or is the one that is moved."""


class TooDeep(Exception):
    """The error for branches that would be nested deeper than ``DEEPEST``."""


def tree(steps: Iterable[SequenceStep]) -> list[Node]:
    """Returns the steps, in their order, as a tree."""
    nodes: list[Node] = []
    known: dict[int, Node] = {}
    for step in steps:
        node = known[step.pk] = Node(step)
        branch = known.get(step.branch_id or 0)
        (branch.lane(step.lane) if branch else nodes).append(node)
    return nodes


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yields all nodes of a tree, in the order of their places."""
    for node in nodes:
        yield node
        yield from walk(node.yes)
        yield from walk(node.no)


def insert(nodes: list[Node], place: Place, node: Node) -> None:
    """Inserts a node at a place. Raises ``NoSuchPlace`` or ``TooDeep``."""
    lane, index = _found(nodes, place)
    lane.insert(index, node)
    if _depth(nodes) > DEEPEST:
        lane.pop(index)
        raise TooDeep


def take_out(nodes: list[Node], pk: int) -> Node:
    """Removes a step with those in its lanes from the tree; returns its node. Raises ``NoSuchPlace``."""
    lane, index = _step_found(nodes, pk)
    return lane.pop(index)


def number(nodes: Sequence[Node]) -> list[SequenceStep]:
    """Sets branch, lane and position of each step from the tree; returns all steps in order."""
    for node in nodes:
        node.step.branch, node.step.lane = None, ""
    for node in walk(nodes):
        for name in Lane:
            for inner in node.lane(name):
                inner.step.branch, inner.step.lane = node.step, name.value
    steps = [node.step for node in walk(nodes)]
    for position, step in enumerate(steps):
        step.position = position
    return steps


def neighbours(nodes: list[Node], pk: int) -> tuple[Place | None, Place | None]:
    """Returns the places of a step after a move up and a move down, in its lane or out of it, or ``None``.

    Raises ``NoSuchPlace`` for a step that is not there.
    """
    lane, index = _step_found(nodes, pk)
    here = lane[index].step
    earlier = _before(lane, index - 1) if index else _out_of(nodes, here, up=True)
    later = Place(lane[index + 1].step.pk) if index + 1 < len(lane) else _out_of(nodes, here, up=False)
    return earlier, later


def _before(lane: list[Node], index: int) -> Place:
    """Returns the place in front of the node at that index of a lane."""
    if index:
        return Place(lane[index - 1].step.pk)
    first = lane[index].step
    return Place(first.branch_id, first.lane) if first.branch_id else Place()


def _out_of(nodes: list[Node], step: SequenceStep, *, up: bool) -> Place | None:
    if step.branch_id is None:
        return None
    if not up:
        return Place(step.branch_id)
    lane, index = _found(nodes, Place(step.branch_id))
    return _before(lane, index - 1)


def _found(nodes: list[Node], place: Place) -> tuple[list[Node], int]:
    """Returns the lane that a place is in, and its index there."""
    if not place.of:
        return nodes, 0
    for lane in _lanes(nodes):
        for index, node in enumerate(lane):
            if node.step.pk == place.of:
                if not place.lane:
                    return lane, index + 1
                if node.step.type == Type.BRANCH:
                    return node.lane(place.lane), 0
    raise NoSuchPlace


def _step_found(nodes: list[Node], pk: int) -> tuple[list[Node], int]:
    """Returns the lane that a step is in, and its index there."""
    if not pk:
        raise NoSuchPlace
    lane, behind = _found(nodes, Place(pk))
    return lane, behind - 1


def _lanes(nodes: list[Node]) -> Iterator[list[Node]]:
    yield nodes
    for node in walk(nodes):
        yield node.yes
        yield node.no


def _depth(nodes: Iterable[Node]) -> int:
    """Returns how deep the branches of a tree are nested."""
    return max(
        (1 + max(_depth(node.yes), _depth(node.no)) for node in nodes if node.step.type == Type.BRANCH),
        default=0,
    )
