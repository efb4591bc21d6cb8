"""`./portal lint`: every check that needs no test run. All are run, all failures are shown."""

import shutil
import subprocess
from collections.abc import Callable

from heating_portal.up import testing
from heating_portal.up.environment import PYTHON, VENV, say
from heating_portal.up.folders import ROOT
from heating_portal.up.managing import MANAGE
from heating_portal.up.servers import Environment
from heating_portal.up.supervisor import Supervisor

BIN = VENV / "bin"
# Written in two halves so that this file does not fail its own check.
HOSTS = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "deb" + "ian.org",
    "npm" + "mirror",
]
PRODUCTION = {"PORTAL_MODE": "production", "PORTAL_HTTPS": "1", "PORTAL_HOSTS": "portal.example"}


def lint(arguments: list[str]) -> int:
    """Run every check; returns 1 when one of them failed."""
    with testing.trial(needs_frontend=False) as (supervisor, env):
        failed = [name for name, check in checks(supervisor, env).items() if not passed(name, check)]
    say(f"\nlint: failed: {', '.join(failed)}" if failed else "\nlint: all checks passed")
    return 1 if failed else 0


def passed(name: str, check: Callable[[], int]) -> bool:
    say(f"\n== {name}")
    return check() == 0


def checks(supervisor: Supervisor, env: Environment) -> dict[str, Callable[[], int]]:
    """The checks by name, in the order from quick to slow."""
    run = supervisor.run
    no_database_touched = ["makemigrations", "--check", "--dry-run"]
    return {
        "registry addresses": registry_addresses,
        "ruff check": lambda: run([str(BIN / "ruff"), "check", "--output-format=concise", "."], env),
        "ruff format": lambda: run([str(BIN / "ruff"), "format", "--check", "--output-format=concise", "."], env),
        "import contracts": lambda: run([str(BIN / "lint-imports")], env),
        "missing migrations": lambda: run([*MANAGE, *no_database_touched], env),
        "deployment": lambda: run([*MANAGE, "check", "--deploy", "--fail-level=WARNING"], env | PRODUCTION),
        "compose file": lambda: compose_file(supervisor, env),
        "types": lambda: run([str(PYTHON), "-m", "mypy"], env),
    }


def registry_addresses() -> int:
    """No tracked file names a package registry: sites behind other mirrors must be able to build."""
    pattern = [part for host in HOSTS for part in ("-e", host)]
    found = subprocess.run(["git", "grep", "-nIF", *pattern], cwd=ROOT, capture_output=True, text=True)
    say(found.stdout[:2000] if found.returncode == 0 else "none")
    return {0: 1, 1: 0}.get(found.returncode, found.returncode)


def compose_file(supervisor: Supervisor, env: Environment) -> int:
    client = compose_client()
    if client is None:
        say("no docker compose client here; not checked")
        return 0
    names = {"PORTAL_HOSTS": "portal.example", "PORTAL_ORIGINS": "https://portal.example"}
    return supervisor.run([*client, "-f", str(ROOT / "docker-compose.yml"), "config", "--quiet"], env | names)


def compose_client() -> list[str] | None:
    """`docker compose` or the older `docker-compose`, whichever works here."""
    for client in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(client[0]) and not subprocess.run([*client, "version"], capture_output=True).returncode:
            return client
    return None
