"""A county with a heating company, its source, network, pipes and people, made through the services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Area, User
from core.refusals import Refused
from heatsupply.models import HeatingCompany, HeatNetwork, HeatSource, PipeSegment
from heatsupply.rules.pipe_rows import PipeRow
from heatsupply.services import networks
from programmes.models import Indicator, Programme
from tests import people
from tests.supervision.conftest import client_of

COUNTY, OTHER_COUNTY, FIRM, OTHER_FIRM = "370999", "370998", "示例热力（虚构）", "样本供热（虚构）"
TODAY = date(2023, 11, 20)


def code_of(deed: Any, /, **values: Any) -> str:
    """Code of the refusal that `deed` answers with."""
    with pytest.raises(Refused) as refusal:
        deed(**values)
    return refusal.value.code


def piece(code: str, year_laid: int | None, *conditions: str, length: str = "100") -> PipeRow:
    return PipeRow(code, "primary", Decimal(length), 300, year_laid, conditions, ())


@dataclass
class Heat:
    programme: Programme
    company: HeatingCompany
    other: HeatingCompany
    source: HeatSource
    network: HeatNetwork
    office: User
    second: User
    firm: User

    @property
    def county(self) -> Area:
        return self.company.area

    def page(self) -> str:
        return reverse("heat:company-detail", args=[self.company.pk])

    def post(self, deed: str, by: User | None = None, **values: Any) -> Any:
        """The answer to a form of the company's page."""
        data = {"deed": deed, "company": self.company.pk, **values}
        return self.client(by).post(reverse("heat:act"), data)

    def client(self, by: User | None = None) -> Client:
        return client_of(by or self.office)

    def lay(self, *rows: PipeRow) -> list[PipeSegment]:
        networks.add_segments(network=self.network, rows=rows, by=self.firm)
        return list(PipeSegment.objects.filter(code__in=[row.code for row in rows]).order_by("code"))


def firm_person(name: str) -> User:
    return people.bind(people.user("heating_company", COUNTY), HeatingCompany.objects.get(name=name))


@pytest.fixture
def heat(db: None, settings: Any) -> Heat:
    settings.PORTAL_TODAY = TODAY.isoformat()
    programme = people.programme(COUNTY, code="heat-2023", year_from=2023, year_to=2024)
    Indicator.objects.bulk_create([
        Indicator(programme=programme, code=f"area-growth-{year}", name="集中供热面积增长", value=3,
                  due_on=date(year, 12, 31), relative_to_year=year - 1)
        for year in (2023, 2024)
    ])  # fmt: skip
    office = people.user("office", COUNTY)
    area = people.area(COUNTY)
    company = networks.register_company(area=area, name=FIRM, kind="boiler", by=office)
    other = networks.register_company(area=area, name=OTHER_FIRM, kind="resale", by=office)
    firm = firm_person(FIRM)
    source = networks.add_source(company=company, name="一号热源厂", kind="coal", capacity_mw=Decimal(116), by=firm)
    networks.start_source(source=source, on=TODAY, by=firm)
    network = networks.add_network(
        company=company, name="城区管网", heated_area_m2=2_000_000, peak_mw=Decimal(100), by=firm
    )
    networks.feed_network(network=network, source=source, role="main", by=firm)
    return Heat(programme, company, other, HeatSource.objects.get(pk=source.pk), network, office,
                people.user("office", COUNTY), firm)  # fmt: skip
