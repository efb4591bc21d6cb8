"""One test, two sizes: small in `./portal test`, the large one of the issues in `./portal prove [NAME]`.

    @pytest.mark.proof("approval-races")
    def test_only_one_of_many_approvals_wins(size: Size, proof: Proof) -> None:
        rounds = size(small=10, large=1_000)
        ...
        proof(f"{rounds} races, {doubles} doubles", seed=seed)

`./portal prove requirements` runs the tests that hold the portal to a clause (see `tests/plugins/clauses.py`).

A proof that is recorded for the present commit is left out when no NAME is given, so a long run can be resumed.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

LARGE = os.environ.get("PORTAL_SIZE") == "large"
FOLDER = Path(os.environ.get("PORTAL_PROOFS", "var/proofs"))


class Size(Protocol):
    def __call__(self, *, small: int, large: int) -> int: ...


class Proof(Protocol):
    def __call__(self, figure: str, *, seed: int | str = "") -> None: ...


@pytest.fixture
def size() -> Size:
    def choose(*, small: int, large: int) -> int:
        return large if LARGE else small

    return choose


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Iterator[Proof]:
    """Call it with the figure; it is kept only if the test then passes at its large size."""
    figures: list[dict[str, str]] = []

    def note(figure: str, *, seed: int | str = "") -> None:
        figures.append({"figure": figure, "seed": str(seed)})

    failed_before = request.session.testsfailed
    yield note
    if LARGE and figures and request.session.testsfailed == failed_before:
        record(name_of(request.node), figures)


def record(name: str, figures: list[dict[str, str]]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    about = {"name": name, "commit": commit(), "date": datetime.now(UTC).date().isoformat(), "figures": figures}
    (FOLDER / f"{name}.json").write_text(json.dumps(about, ensure_ascii=False, indent=1))


def commit() -> str:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "no git"


def name_of(item: pytest.Item) -> str:
    marker = item.get_closest_marker("proof")
    return str(marker.args[0]) if marker else item.name


def is_recorded(name: str, now: str) -> bool:
    try:
        recorded = json.loads((FOLDER / f"{name}.json").read_text())["commit"]
    except (OSError, ValueError, KeyError):
        return False
    return bool(recorded == now and not now.endswith("-dirty"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not LARGE:
        return
    wanted, now = os.environ.get("PORTAL_PROVE", ""), commit()
    left_out = [item for item in items if not is_due(item, wanted, now)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def is_due(item: pytest.Item, wanted: str, now: str) -> bool:
    if wanted == "requirements":
        return item.get_closest_marker("clause") is not None
    if item.get_closest_marker("proof") is None:
        return False
    name = name_of(item)
    return name == wanted if wanted else not is_recorded(name, now)
