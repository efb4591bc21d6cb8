"""What the demonstration puts before its works goes through the real services and may be run twice."""

from __future__ import annotations

from datetime import date

from heating_portal.demo import papers
from retrofits.models import Admission, Product, TransitionalHome
from tests import people
from tests.retrofits.conftest import Works

DAY = date(2021, 6, 20)


def test_firms_products_and_waiting_homes_are_made_once(works: Works, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    works.task()
    held = {"office": works.office, "town_staff": works.clerk, "leading_group": people.user("leading_group", "370999")}
    monkeypatch.setattr(papers, "person", lambda role, _area: held[role])
    for _time in range(2):
        papers.prepare_jincheng(works.programme, DAY)
    assert [(one.state, one.warranty_months) for one in Admission.objects.all()] == [("admitted", 36)]
    assert Product.objects.get().uses == ["dwelling", "public"]
    assert [(one.reason, one.fuel) for one in TransitionalHome.objects.all()] == [("later", "clean_coal")]
