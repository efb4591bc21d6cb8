"""How many files a process may hold: every line is one."""

from __future__ import annotations

import resource


def allow_many_files() -> int:
    """Ask for what the system grants at most; how many that is."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
