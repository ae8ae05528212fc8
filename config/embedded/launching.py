"""The start of a server as a user other than root, so that it cannot outlive this process."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522

LIBC = ctypes.CDLL(None, use_errno=True)


class ServiceError(RuntimeError):
    """The error for a server that cannot be started: one sentence, perhaps with the end of its log."""


def is_root() -> bool:
    return os.geteuid() == 0


def owner_of(folder: Path) -> pwd.struct_passwd | None:
    """Returns the user that a server with this data has to run as; None for the current user.

    PostgreSQL refuses to run as root, so root's data belongs to ``postgres`` or ``nobody``. Data that
    exists keeps its owner: a user's checkout still works after root has started it once.
    """
    if not is_root():
        return None
    if folder.exists() and folder.stat().st_uid != 0:
        return pwd.getpwuid(folder.stat().st_uid)
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def own_folder(folder: Path) -> Path:
    """Creates a folder that only the server's user can look into."""
    owner = owner_of(folder)
    folder.mkdir(mode=0o700, exist_ok=True)
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    return folder


def launch(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    log: Path,
    stop_with: signal.Signals,
    keep: int,
    configuration: str = "",
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a server in its data folder; the kernel sends it ``stop_with`` if this process dies.

    ``keep`` is a descriptor that stays open as long as the server runs, ``configuration`` what it finds on
    its standard input, ``environment`` is added to ours. Must be called from the main thread: the kernel ties
    that signal to the thread that started the child.
    """
    with log.open("ab") as output, tempfile.TemporaryFile() as standard_input:
        standard_input.write(configuration.encode())
        standard_input.seek(0)
        return subprocess.Popen(  # noqa: S603 - a server of ours, and no shell
            command,
            cwd=cwd,
            env=os.environ | dict(environment or {}),
            stdin=standard_input,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[keep],
            preexec_fn=_in_child(cwd, Path(command[0]), stop_with),
        )


@contextmanager
def permissions_explained(folder: Path) -> Iterator[None]:
    """Turns a PermissionError on the path to this data folder into a ServiceError that names the user."""
    try:
        yield
    except (subprocess.SubprocessError, PermissionError) as error:
        owner = owner_of(folder)
        name = "you" if owner is None else f"user {owner.pw_name}"
        raise ServiceError(
            f"A server that runs as {name} cannot get into {folder}: "
            "put the project below folders that everybody may pass through, or do not start it as root"
        ) from error


def die_with_parent(parent: int, stop_with: signal.Signals) -> None:
    """Asks the kernel (Linux only) for a signal on the parent's death. To be called in the new child."""
    if sys.platform != "linux":
        return
    _check(LIBC.prctl(PR_SET_PDEATHSIG, int(stop_with), 0, 0, 0))
    if os.getppid() != parent:
        os._exit(1)


def _in_child(cwd: Path, program: Path, stop_with: signal.Signals) -> Callable[[], None]:
    owner, parent = owner_of(cwd), os.getpid()
    shut_out = owner is not None and not (_is_open_to_all(cwd.parent) and _is_open_to_all(program.parent))

    def prepare() -> None:
        if owner is not None:
            _become(owner, keep_access=shut_out)
        die_with_parent(parent, stop_with)

    return prepare


def _is_open_to_all(folder: Path) -> bool:
    return all(step.stat().st_mode & 0o001 for step in (folder, *folder.parents))


def _become(user: pwd.struct_passwd, *, keep_access: bool) -> None:
    """Drops root. If the data is below a closed home directory, the server keeps the one capability that lets
    it pass: permissions of folders that are not ours must not be changed.
    """
    os.setgroups([])
    os.setgid(user.pw_gid)
    if not keep_access:
        os.setuid(user.pw_uid)
        return
    # Without this bit access(2), with which PostgreSQL looks for its own programs, ignores capabilities.
    _check(LIBC.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0))
    os.setuid(user.pw_uid)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    # Two rows of effective, permitted and inheritable; the second is for capabilities above 31.
    sets = (ctypes.c_uint32 * 6)(*[1 << CAP_DAC_OVERRIDE] * 3, 0, 0, 0)
    _check(LIBC.capset(header, sets))
    _check(LIBC.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0))


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
