"""Two heating companies of one county with accounts of the season 2022-2023, and the people around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Area, TOTPDevice, User
from core.refusals import Refused
from core.workbooks.read import Sheet, SheetRow, Workbook
from heatsupply.models import FeeAccount, HeatingCompany, SupplyFault
from heatsupply.rules.fee_rows import read_fees
from heatsupply.services.faults import Happened, attribute_cause, record_fault, settle_fault
from heatsupply.services.fee_imports import FileTold, Taken, take_sheet
from programmes.models import Programme
from tests import people

COUNTY, TOWN = "370999", "370999001"
SEASON, BEFORE = "2022-2023", "2021-2022"
NOW = datetime(2023, 2, 1, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FEE = 230_000
TERMS = {"shares": {"late": "1", "stopped": "1", "insufficient": "0.5"}, "suspended_share": "0.3"}
HEADS = ("用户编号", "户名", "用户类别", "小区", "供热面积", "应收热费", "已收热费", "缴费渠道", "缴费日期")


def local(text: str) -> datetime:
    """A moment of the portal's own clock: "2022-11-01 00:00"."""
    return datetime.fromisoformat(f"{text}+08:00")


def code_of(deed: Any, /, **values: Any) -> str:
    with pytest.raises(Refused) as refusal:
        deed(**values)
    return refusal.value.code


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.PersonBackend")
    if user.needs_second_factor:
        device = TOTPDevice.objects.create(user=user, name="phone")
        session = client.session
        session["otp_device_id"] = device.persistent_id
        session.save()
    return client


def person_of(company: HeatingCompany) -> User:
    """Somebody who works for the company."""
    return people.bind(people.user("heating_company", COUNTY), company)


def row(number: str, *, fee: str = "2300", received: str = "", channel: str = "", **more: str) -> dict[str, str]:
    values = {"用户编号": number, "户名": f"张示例{number}", "用户类别": "居民", "小区": "和苑", "供热面积": "100",
              "应收热费": fee, "已收热费": received, "缴费渠道": channel, "缴费日期": ""}  # fmt: skip
    return values | more


@dataclass
class FeeRoom:
    programme: Programme
    company: HeatingCompany
    other: HeatingCompany
    office: User
    firm: User
    folder: Path

    def area(self, code: str = COUNTY) -> Area:
        return Area.objects.get(code=code)

    def file(self, rows: list[dict[str, str]], name: str = "fees.csv") -> Path:
        path = self.folder / name
        lines = [",".join(HEADS), *(",".join(one[head] for head in HEADS) for one in rows)]
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    def take(self, rows: list[dict[str, str]], *, season: str = SEASON, by: User | None = None, now: datetime = NOW,
             company: HeatingCompany | None = None, **more: Any) -> Taken:  # fmt: skip
        """As a file of the company, without writing and reading one."""
        texts = [HEADS, *(tuple(one[head] for head in HEADS) for one in rows)]
        sheet = Sheet("热费", False, (), tuple(SheetRow(n, line) for n, line in enumerate(texts, 1)))
        told = FileTold(read_fees(Workbook("xlsx", (sheet,)), now.date()), "fees.xlsx")
        return take_sheet(programme=self.programme, company=company or self.company, season=season, told=told,
                          by=by or self.office, now=now, **more)  # fmt: skip

    def account(self, number: str = "A1", *, paid: bool = True, **more: Any) -> FeeAccount:
        """One account of 2,300.00 yuan, paid by WeChat or not at all."""
        self.take([row(number, received="2300" if paid else "", channel="微信" if paid else "")], **more)
        return FeeAccount.objects.latest("pk")

    def fault(self, account: FeeAccount | None, hours: float, fault: str = "stopped", cause: str = "company",
              begin: str = "2022-11-10 00:00", **more: Any) -> SupplyFault:  # fmt: skip
        """A fault recorded by the company, attributed by the county, settled by the company."""
        begun = local(begin)
        happened = Happened(fault, begun, begun + timedelta(hours=hours), "换热站停运", account, **more)
        made = record_fault(programme=self.programme, company=self.company, season=more.pop("season", SEASON),
                            happened=happened, by=self.firm, now=begun + timedelta(hours=hours, days=200))  # fmt: skip
        attribute_cause(fault=made, cause=cause, words="现场核查", by=self.office, now=NOW)
        return settle_fault(fault=made, by=self.firm, now=NOW)


@pytest.fixture
def fees(db: None, tmp_path: Path) -> FeeRoom:
    programme = people.programme(year_from=2022, year_to=2023, settings={"heat_fees": TERMS})
    people.area(TOWN)
    company, other = (
        HeatingCompany.objects.create(area_id=COUNTY, name=name)
        for name in ("示例热力公司（虚构）", "样本供热公司（虚构）")
    )
    return FeeRoom(programme, company, other, people.user("office", COUNTY), person_of(company), tmp_path)
