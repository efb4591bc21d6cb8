"""Says in large letters what a run left out, so that a green line is never mistaken for a full run."""

from collections import Counter
from typing import Any

import pytest

WIDTH = 78


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    reasons = Counter(reason_of(report) for report in skipped)
    write = terminalreporter.write_line
    write("#" * WIDTH, red=True, bold=True)
    write(
        f"#  NOT TESTED · 未测试: {len(skipped)} of {tests_seen(terminalreporter)} tests were skipped",
        red=True,
        bold=True,
    )
    for reason, count in reasons.most_common():
        write(f"#  {count:5d} × {reason}", red=True)
    write("#" * WIDTH, red=True, bold=True)


def reason_of(report: Any) -> str:
    """The words after "Skipped: " of a report; a skipped module reports them in the same place."""
    where = report.longrepr
    text = where[2] if isinstance(where, tuple) else str(where)
    return text.removeprefix("Skipped: ")


def tests_seen(terminalreporter: Any) -> int:
    outcomes = ("passed", "failed", "skipped", "xfailed", "xpassed", "error")
    return sum(len(terminalreporter.stats.get(outcome, [])) for outcome in outcomes)
