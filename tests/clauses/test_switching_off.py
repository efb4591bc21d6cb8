"""A test that passes although its service does nothing is reported; one that fails then has shown what it holds."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugins.clauses import named_function, switched_off

pytest_plugins = ["pytester"]
MARKED = """
import pytest
from os.path import basename
pytest_plugins = ["tests.plugins.proofs", "tests.plugins.clauses"]

@pytest.mark.clause("T-01", "x", serves="posixpath:basename")
def test_holds():
    assert basename("/a/b") == "b"

@pytest.mark.clause("T-01", "x", serves="posixpath:basename")
@pytest.mark.clause("T-02", "x", serves="posixpath:dirname")
def test_holds_one_of_two():
    assert basename("/a/b") == "b"

def test_unmarked():
    assert basename("/a/b") == "b"
"""


def adder(step: int) -> Callable[[int], int]:
    def add(value: int) -> int:
        return value + step

    return add


add_one = adder(1)


def test_the_code_is_replaced_wherever_it_was_imported_and_put_back() -> None:
    known_by_another_name = add_one
    with switched_off(f"{__name__}:add_one"):
        assert known_by_another_name(1) is None
    assert known_by_another_name(1) == 2


def test_a_method_is_found_behind_its_decorators() -> None:
    assert named_function("pathlib:Path.exists") is Path.exists


def test_only_a_test_that_fails_without_its_service_counts(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(MARKED)
    pytester.makeini("[pytest]\nmarkers =\n clause\n proof")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    monkeypatch.setenv("PORTAL_SIZE", "large")
    monkeypatch.setenv("PORTAL_PROVE", "requirements")
    run = pytester.runpytest_subprocess("-p", "no:django", "-p", "no:cacheprovider", "-p", "no:xdist")
    assert run.parseoutcomes() == {"passed": 2, "failed": 1, "deselected": 1}
    run.stdout.fnmatch_lines(["*passed although posixpath:dirname did nothing*"])
