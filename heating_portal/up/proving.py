"""`./portal prove` and `./portal bench`: the same tests at their large sizes, and comparisons with peers."""

import json
from pathlib import Path

from heating_portal.up import environment, testing
from heating_portal.up.environment import say
from heating_portal.up.folders import ROOT, default_folders

NOTHING_TO_DO = 5  # pytest's exit code when no test was left to run
HEAD = """# Proofs

Written by `./portal prove`: each line is a test that passed at the large size, with the figure it measured.

| proof | figure | seed | commit | date |
|---|---|---|---|---|
"""


def prove(arguments: list[str]) -> int:
    """Run all proofs that the present commit does not have yet, or the one named; write docs/proofs.md."""
    folder = default_folders().var / "proofs"
    with testing.trial() as (supervisor, env):
        env |= {"PORTAL_SIZE": "large", "PORTAL_PROOFS": str(folder), "PORTAL_PROVE": (arguments or [""])[0]}
        code = supervisor.run([str(environment.PYTHON), "-m", "pytest", *chosen(arguments)], env)
    write_page(folder)
    if code == NOTHING_TO_DO and not arguments:
        say("没有待做的大规模验证 · Every proof is recorded for this commit already.")
        return 0
    return code


def chosen(arguments: list[str]) -> list[str]:
    """What pytest is asked for: proofs one after the other; of requirements every test with a clause, side by side."""
    if arguments[:1] == ["requirements"]:
        return testing.with_defaults(["-m", "clause"])
    return ["-m", "proof", "-n", "0", "-s"]


def write_page(folder: Path) -> None:
    rows = []
    for path in sorted(folder.glob("*.json")):
        about = json.loads(path.read_text())
        for figure in about["figures"]:
            cells = (about["name"], figure["figure"], figure["seed"], about["commit"], about["date"])
            rows.append(f"| {' | '.join(cells)} |")
    (ROOT / "docs").mkdir(exist_ok=True)
    (ROOT / "docs" / "proofs.md").write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")


def bench(arguments: list[str]) -> int:
    """Run the benchmarks (all, or the named ones) on throw-away servers and print one table."""
    with testing.trial(needs_frontend=False) as (supervisor, env):
        # By a process of its own: what migrating leaves behind in memory would count as the benchmark's.
        code = supervisor.run([str(environment.PYTHON), "manage.py", "migrate", "--no-input", "-v0"], env)
        return code or supervisor.run([str(environment.PYTHON), "-m", "benchmarks", *arguments], env)
