"""Where the launcher keeps things. Everything it writes is in `.venv`, `node_modules` and one state folder."""

import fcntl
import os
import pwd
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from heating_portal.up.refusals import CannotStart, from_os_error

ROOT = Path(__file__).resolve().parents[2]
LEAST_FREE_BYTES = 300 * 2**20


@dataclass(frozen=True)
class Folders:
    """The state folder of one installation (`var/`) or of one test run (`var/test-…/`)."""

    var: Path

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def logs(self) -> Path:
        return self.var / "logs"

    @property
    def secrets(self) -> Path:
        return self.var / "secrets"

    def make(self) -> None:
        """Create the folders; refuses in one sentence where that is impossible or the disk is nearly full."""
        for folder in (self.var, self.run, self.logs, self.secrets):
            make_folder(folder)
        self.secrets.chmod(0o700)
        free = shutil.disk_usage(self.var).free
        if free < LEAST_FREE_BYTES:
            raise CannotStart(
                f"磁盘空间不足：{self.var} 只剩 {free >> 20} MB，至少需要 {LEAST_FREE_BYTES >> 20} MB。",
                f"Too little disk space: {free >> 20} MB left at {self.var}, {LEAST_FREE_BYTES >> 20} MB needed.",
            )


def default_folders() -> Folders:
    """The installation's own state folder: PORTAL_VAR, or `var/` beside the program."""
    return Folders(Path(os.environ.get("PORTAL_VAR") or ROOT / "var").resolve())


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise from_os_error(error, folder) from error


@contextmanager
def locked(path: Path, *, shared: bool = False, wait: bool = True) -> Iterator[IO[str]]:
    """Hold an advisory lock on `path`; BlockingIOError when it is taken and `wait` is False."""
    try:
        handle = open(path, "a+")  # noqa: SIM115  (closed by the `with` below)
    except OSError as error:
        raise from_os_error(error, path) from error
    with handle:
        how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(handle, how if wait else how | fcntl.LOCK_NB)
        yield handle


def unprivileged_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: the user to run it as instead, or None when we are not root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def open_to_all(folder: Path) -> bool:
    """True when any user of the machine can walk down to `folder`."""
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents))


def reachable_by_postgres(folder: Path) -> bool:
    return unprivileged_user() is None or open_to_all(folder)


def database_home(var: Path) -> Path:
    """Folder for PostgreSQL's files: `var`, or, for root under a closed home folder, one that `nobody` can reach.

    `var/pg18` is then a link to it; its name is random, so a new clone never meets the database of a deleted one.
    """
    link = var / "pg18"
    if link.is_symlink():
        return link.readlink().parent
    if reachable_by_postgres(var):
        return var
    outside = Path("/var/lib/heating-portal") / f"{var.parent.name}-{secrets.token_hex(4)}"
    make_folder(outside)
    link.symlink_to(outside / "pg18")
    return outside
