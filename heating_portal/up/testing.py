"""`./portal test`: the tests on throw-away servers, several runs at once if wished."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from heating_portal.up import environment, frontend
from heating_portal.up.folders import ROOT, Folders, default_folders, locked, reachable_by_postgres
from heating_portal.up.servers import Environment, start_servers
from heating_portal.up.supervisor import StopRequested, Supervisor


def test(arguments: list[str]) -> int:
    """Run pytest with the given arguments; returns its exit code."""
    with trial() as (supervisor, env):
        return supervisor.run([str(environment.PYTHON), "-m", "pytest", *with_defaults(arguments)], env)


def with_defaults(arguments: list[str]) -> list[str]:
    """Several workers for whole folders, none for named files (their start costs more than they save)."""
    if any(argument == "-n" or argument.startswith(("-n", "--numprocesses")) for argument in arguments):
        return arguments
    names_files = any(Path(argument.partition("::")[0]).is_file() for argument in arguments)
    workers = str((os.cpu_count() or 1) + 1)  # one more than cores: browsers and killed servers are waited for
    if names_files:
        return ["-n", "0", *arguments]
    # the tests' own plugin says what comes first (tests/plugins/worlds.py)
    return ["-n", workers, "--dist", "loadgroup", "--no-loadscope-reorder", *arguments]


@contextmanager
def trial(*, needs_frontend: bool = True) -> Iterator[tuple[Supervisor, Environment]]:
    """Environment, front end and a pair of throw-away servers for tests, proofs and benchmarks."""
    default_folders().make()
    if needs_frontend:
        built = frontend.build_beside("runtime", "dev")
    else:
        environment.prepare("runtime", "dev")
    with throwaway_folders() as folders:
        supervisor = Supervisor(folders)
        with supervisor.supervising():
            try:
                env = start_servers(supervisor, durable=False)
                if needs_frontend and built.is_dir():
                    (folders.var / "static_build").symlink_to(built)
                env |= {"PORTAL_MODE": "test", "PORTAL_VAR": str(folders.var)}
                env["PORTAL_SECRETS"] = str(folders.secrets)
                env["PORTAL_ARTIFACTS"] = str(keep_artifacts())  # outside the folder that goes with the run
                compile_words(supervisor, env)
                yield supervisor, env
            except StopRequested:
                raise SystemExit(130) from None


def compile_words(supervisor: Supervisor, env: Environment) -> None:
    """The catalogues are built, not kept: on a fresh clone the first test would find the pages in English."""
    command = [str(environment.PYTHON), str(ROOT / "manage.py"), "compile_catalogue", "--verbosity=0"]
    if supervisor.run(command, env):
        raise SystemExit(1)


@contextmanager
def throwaway_folders() -> Iterator[Folders]:
    """A state folder that disappears with the run; folders of runs that were killed are swept away first."""
    base = default_folders().var
    if not reachable_by_postgres(base):  # root under a closed home folder: PostgreSQL's user must reach it
        base = Path(tempfile.gettempdir())
    sweep(base)
    folders = Folders(base / f"test-{secrets.token_hex(4)}")
    folders.make()
    folders.var.chmod(0o711)
    try:
        with locked(folders.run / "alive.lock"):
            yield folders
    finally:
        shutil.rmtree(folders.var, ignore_errors=True)


def sweep(base: Path) -> None:
    for left in base.glob("test-????????/run/alive.lock"):
        try:
            with locked(left, wait=False):
                shutil.rmtree(left.parent.parent, ignore_errors=True)
        except (BlockingIOError, OSError):
            continue


def keep_artifacts() -> Path:
    """Folder for screenshots and traces that outlive the run."""
    folder = Path(os.environ.get("PORTAL_ARTIFACTS") or default_folders().var / "artifacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
