"""The words of `./portal`."""

import os
import sys
from collections.abc import Callable

from heating_portal.up import bundles, linting, managing, proving, running, testing
from heating_portal.up.folders import ROOT
from heating_portal.up.refusals import CannotStart, from_os_error

USAGE = """\
./portal up [--port N] [--host A] [--no-demo]   run the portal in the foreground; Ctrl-C stops it
./portal test [PYTEST ARGUMENTS]                run the tests on throw-away servers
./portal prove [NAME]                           the tests at the large sizes; writes docs/proofs.md
./portal bench [NAME …]                         benchmarks beside their peers, with the machine's load
./portal lint                                   style, types, import contracts, deployment checks
./portal verify_bundle FILE …                   check exported bundles of proof, without any database
./portal pg TOOL …                              psql, pg_dump, pg_restore … on the portal's database
./portal manage COMMAND …  or  ./portal COMMAND …   any management command (./portal verify_audit)
"""


def main(arguments: list[str]) -> int:
    """Run one command; returns the process's exit code. What cannot start is said in one sentence (code 2)."""
    word, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if word in ("help", "-h", "--help"):
        print(USAGE)
        return 0
    if word == "verify_bundle":  # names of files are read where the person stands
        return bundles.verify_bundles(rest)
    commands: dict[str, Callable[[list[str]], int]] = {
        "up": running.up,
        "test": testing.test,
        "lint": linting.lint,
        "prove": proving.prove,
        "bench": proving.bench,
        "pg": managing.database_tool,
        "manage": managing.manage,
    }
    os.chdir(ROOT)
    # A portal is a dozen programs of the same files, and each would compile all of them anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        return commands[word](rest) if word in commands else managing.manage(arguments)
    except CannotStart as refusal:
        print(refusal, file=sys.stderr)
    except OSError as error:
        print(from_os_error(error, error.filename or ROOT), file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 2
