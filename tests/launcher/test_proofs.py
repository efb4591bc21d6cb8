"""Large sizes are run only by `prove`, recorded only when they pass, and not run twice for one commit."""

from pathlib import Path

import pytest

from heating_portal.up import proving

pytest_plugins = ["pytester"]
PROVEN = """
import pytest
pytest_plugins = ["tests.plugins.proofs"]

@pytest.mark.proof("good")
def test_good(size, proof):
    proof(f"{size(small=1, large=1000)} rounds", seed=7)

@pytest.mark.proof("bad")
def test_bad(size, proof):
    proof("0 losses")
    assert size(small=1, large=2) == 1

def test_ordinary():
    pass
"""


def outcome(pytester: pytest.Pytester, **env: str) -> dict[str, int]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        options = ("-p", "no:django", "-p", "no:cacheprovider", "-p", "no:xdist")
        return pytester.runpytest_subprocess(*options).parseoutcomes()


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    path = pytester.makepyfile(PROVEN)
    pytester.makeini("[pytest]\nmarkers = proof")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    for command in ("init -q .", f"add tox.ini {path.name}", "-c user.name=t -c user.email=t commit -q -m x"):
        pytester.run("git", *command.split())
    return pytester


def test_a_proof_is_recorded_when_it_passes_and_then_left_out(suite: pytest.Pytester) -> None:
    folder = suite.path / "kept-outside-git"
    (suite.path / ".git" / "info" / "exclude").write_text("kept-outside-git\n__pycache__\n")
    large = {"PORTAL_SIZE": "large", "PORTAL_PROOFS": str(folder)}
    assert outcome(suite) == {"passed": 3}
    assert not folder.exists()
    assert outcome(suite, **large) == {"passed": 1, "failed": 1, "deselected": 1}
    assert [path.name for path in folder.iterdir()] == ["good.json"]
    assert "1000 rounds" in (folder / "good.json").read_text()
    assert outcome(suite, **large) == {"failed": 1, "deselected": 2}
    assert outcome(suite, PORTAL_PROVE="good", **large) == {"passed": 1, "deselected": 2}


def test_requirements_are_proved_by_the_tests_with_a_clause_not_by_the_proofs() -> None:
    assert proving.chosen(["requirements"])[-2:] == ["-m", "clause"]
    assert proving.chosen([])[:2] == proving.chosen(["bus_faults"])[:2] == ["-m", "proof"]
