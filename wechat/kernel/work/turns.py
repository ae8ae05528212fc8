"""The processing of due work in this process, for commands, benchmarks and tests."""

from wechat.kernel.work.kinds import KINDS


def run(name: str) -> int:
    """Runs one turn of that kind of work; returns how many rows were taken."""
    return KINDS.get(name).take_turn()


def run_all(*names: str) -> int:
    """Runs turns of all kinds of work, or of those named, until none is due; returns how many rows."""
    taken = 0
    while due := [kind for kind in KINDS if (not names or kind.name in names) and kind.is_due()]:
        done = sum(kind.take_turn() for kind in due)
        if not done:
            break
        taken += done
    return taken
