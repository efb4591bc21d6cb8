"""What the five documents ask for before works in a dwelling, and the projects they name."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from heating_portal import presets
from programmes.models import Programme
from retrofits.gates.judging import GATES
from retrofits.loading import WorksRefused, load_works
from retrofits.models import Bundle, GateRule, Project
from tests import people

pytestmark = pytest.mark.django_db
FIRST_LETTER = {"jincheng_2020": "J", "taishan_2021": "T", "litong_2021": "L", "datong_2021": "D", "baiyin_2023": "B"}


@pytest.fixture
def loaded() -> dict[str, Programme]:
    return {name: presets.load(presets.find(name), by="tests") for name in presets.names()}


def test_every_gate_of_the_presets_cites_a_clause_of_its_own_document(loaded: dict[str, Programme]) -> None:
    for name, programme in loaded.items():
        clauses = list(programme.gate_rules.values_list("clause", flat=True))
        assert all(clause.startswith(f"{FIRST_LETTER[name]}-") for clause in clauses), name
    assert {rule.gate for rule in GateRule.objects.all()} <= set(GATES)
    rules = {rule.gate: (rule.mode, rule.clause) for rule in loaded["litong_2021"].gate_rules.all()}
    assert rules["ONE_TECHNOLOGY"] == ("soft", "L-28")
    assert rules["GAS_POWER"] == ("hard", "L-49")
    assert not loaded["baiyin_2023"].gate_rules.exists()


def test_the_projects_of_the_documents_have_their_figures(loaded: dict[str, Programme]) -> None:
    """L-10 … L-15, D-24, B-10, T-03: own units, money that adds up, nothing made up."""
    litong = {project.code: project for project in loaded["litong_2021"].projects.all()}
    network = {(m.unit, m.is_within): m.planned for m in litong["heat-network"].measures.all()}
    assert network == {("km", False): Decimal("24.58"), ("wan_m2", False): 200, ("wan_m2", True): 42}
    efficiency = [project.measures.get().planned for code, project in litong.items() if code.startswith("eff-")]
    assert (len(efficiency), sum(efficiency)) == (5, Decimal("112.17"))
    park = litong["park"]
    assert (park.total_fen, sum(one.amount_fen for one in park.funds.all())) == (500_000_000, 500_000_000)
    boilers = loaded["baiyin_2023"].projects.get()
    assert {(m.unit, m.planned) for m in boilers.measures.all()} == {("boiler", 4), ("t_h", 400)}
    assert not loaded["datong_2021"].projects.get(code="boilers-xinrong").measures.exists()
    assert loaded["taishan_2021"].projects.get().measures.get().planned == 70_000
    bundle = Bundle.objects.get()
    assert [(part.kind, part.quantity) for part in bundle.parts.all()] == [
        ("hot_air", 1), ("direct_electric", 1), ("electric_kang", 1)
    ]  # fmt: skip


def test_loading_again_keeps_what_people_did(loaded: dict[str, Programme]) -> None:
    Project.objects.filter(code="park").update(state="approved")
    before = Project.objects.values_list("pk", "version").get(code="park")
    presets.load(presets.find("litong_2021"), by="tests")
    assert Project.objects.values_list("pk", "version", "state").get(code="park") == (*before, "approved")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gates: [{gate: GAS_POWR, mode: hard, clause: L-49}]", "gates[1].gate"),
        ("gates: [{gate: GAS_POWER, mode: hard, clause: L-49}]", "GAS_BOILER_KW"),
        ("gates: [{gate: ROSTER, mode: loud, clause: T-45}]", "gates[1]"),
        ("gates: [{gate: ROSTER, mode: hard}]", "gates[1]"),
        ("gates: [{gate: ROSTER, mode: hard, clause: T-45}, {gate: ROSTER, mode: soft, clause: T-45}]", "ROSTER"),
        ("gates: [{gate: ROSTER, mode: hard, clause: T-45, families: [STEAM]}]", "STEAM"),
        ("projects: [{code: a, name: b, subject: rocket, year_from: 2021, year_to: 2021}]", "rocket"),
        ("projects: [{code: a, name: b, subject: boiler, year_from: 2021, year_to: 2021, total_wan_yuan: 5, "
         "funds_wan_yuan: {CENTRAL: 4}}]", "4"),
        ("surprise: []", "surprise"),
    ],
)  # fmt: skip
def test_a_faulty_works_file_is_refused_and_nothing_is_stored(tmp_path: Path, text: str, told: str) -> None:
    """A gate that is misspelt would be no gate at all: it must not load."""
    path, programme = tmp_path / "works.yaml", people.programme()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WorksRefused) as refusal:
        load_works(path=path, programme=programme, by="tests")
    assert told in str(refusal.value.problems)
    assert not GateRule.objects.exists() and not Project.objects.exists()


def test_a_gate_that_the_file_no_longer_has_is_taken_out(tmp_path: Path) -> None:
    path, programme = tmp_path / "works.yaml", people.programme()
    for names in (("ROSTER", "TENDER"), ("ROSTER",)):
        rows: list[Any] = [f"  - {{gate: {name}, mode: hard, clause: T-45}}" for name in names]
        path.write_text("gates:\n" + "\n".join(rows), encoding="utf-8")
        load_works(path=path, programme=programme, by="tests")
    assert list(programme.gate_rules.values_list("gate", flat=True)) == ["ROSTER"]
