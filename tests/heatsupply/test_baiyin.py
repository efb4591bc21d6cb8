"""What Baiyin's preset brings, through its loader."""

from __future__ import annotations

import pytest

from heating_portal import presets
from retrofits.models import Project


@pytest.mark.clause(
    "B-10", "会宁县4台100蒸吨/小时燃煤锅炉超低排放改造", serves="retrofits.loading:load_works",
    page="retrofits:project-list", model="retrofits.Project",
)  # fmt: skip
def test_huinings_four_boilers_of_a_hundred_tonnes_are_a_project_with_their_capacity(db: None) -> None:
    presets.load(presets.find("baiyin_2023"), by="tests")
    project = Project.objects.get(clause="B-10")
    assert (project.area_id, project.works, project.subject) == ("620422", "ultra_low", "boiler")
    measures = {(one.unit, one.is_within): one.planned for one in project.measures.all()}
    assert measures == {("boiler", False): 4, ("t_h", True): 4 * 100}
