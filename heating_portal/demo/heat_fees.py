"""Heat fees of Baiyin's demonstration: two companies' files, a settled fault, suspensions, temperatures, a survey.

Invented throughout, around the demonstration's day. The document leaves two shares to the city's own rules; the
demonstration states some, so that something can be computed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from accounts.acting import acting
from accounts.models import Area, User
from heating_portal.demo.people import person
from heatsupply.models import FeeAccount, HeatingCompany, Survey
from heatsupply.rules.fee_rows import FeeRow, FeeSheet
from heatsupply.services import arrears, faults, room_samples, surveys, suspensions
from heatsupply.services.fee_imports import FileTold, take_sheet
from heatsupply.services.suspensions import Application
from programmes.models import Programme

WHY = "demonstration"
TERMS = {"shares": {"late": "1", "stopped": "1", "insufficient": "0.5"}, "suspended_share": "0.3"}
COMPOUNDS = ("和苑小区", "示例花园", "样本家园")
CHANNELS = ("wechat", "alipay", "bank", "counter", "online")
FAMILIES = "张李王赵唐许邓冯韩曹"
ON = datetime(2022, 2, 10, 2, 0, tzinfo=UTC)
HOMES = 18


def load(programme: Programme) -> None:
    """Once; what is there stays. The programme is loaded with `TERMS`."""
    office = person("office", programme.area_id)
    with acting(office, WHY):
        if FeeAccount.objects.filter(programme=programme).exists():
            return
        firms = list(HeatingCompany.objects.within(programme.area_id).order_by("area_id")[:2])
        for number, firm in enumerate(firms):
            for season, paid in (("2020-2021", 6 + number), ("2021-2022", 7 + number), ("2022-2023", 0)):
                _file(programme, firm, season, paid, office)
        _fault(programme, firms[0], office)
        _classes(firms[0], office)
        _suspensions(programme, firms[0].area, office)
        _service(programme, firms[0], office)


def _file(programme: Programme, firm: HeatingCompany, season: str, paid: int, by: User) -> None:
    """`paid` of ten users have paid; a public body and a shop stand at the end of the list."""
    homes = HOMES if firm.area_id.endswith("02") else HOMES // 2
    rows = [_row(firm, n, paid) for n in range(homes)]
    rows.append(_row(firm, HOMES, 0, kind="public_body", name="示例区虚构服务中心", m2=620))
    rows.append(_row(firm, HOMES + 1, 10 if paid else 0, kind="business", name="样本商店（虚构）", m2=140))
    told = FileTold(FeeSheet(tuple(rows), (), len(rows)), f"{season}-{firm.pk}.xlsx")
    take_sheet(programme=programme, company=firm, season=season, told=told, by=by, now=ON)


def _row(firm: HeatingCompany, n: int, paid: int, *, kind: str = "resident", name: str = "", m2: int = 0) -> FeeRow:
    area, has_paid = m2 or 80 + 5 * (n % 7), n % 10 < paid
    fee = area * 2300
    return FeeRow(
        "热费", n + 2, f"{firm.area_id[-2:]}{n + 1:05d}", fee, fee if has_paid else 0, kind,
        name or f"{FAMILIES[n % 10]}演示", COMPOUNDS[n % 3], f"{n // 6 + 1}号楼{n % 6 + 1}01", f"199000003{n:02d}",
        Decimal(area), CHANNELS[n % 5] if has_paid else "", date(2021, 11, 1 + n % 20) if has_paid else None,
    )  # fmt: skip


def _fault(programme: Programme, firm: HeatingCompany, by: User) -> None:
    """Three days without heat, the company's fault and settled; a cold week whose cause is still open."""
    begun = datetime(2022, 1, 9, 16, 0, tzinfo=UTC)
    seen = {"programme": programme, "company": firm, "season": "2021-2022", "by": by, "now": ON}
    burst = faults.Happened("stopped", begun, begun + timedelta(days=3), "一次网爆管抢修", None, COMPOUNDS[0])
    made = faults.record_fault(happened=burst, **seen)  # type: ignore[arg-type]
    faults.attribute_cause(fault=made, cause="company", words="管道超期服役，现场核查", by=by, now=ON)
    faults.settle_fault(fault=made, by=by, now=ON)
    cold = faults.Happened("insufficient", begun + timedelta(days=8), begun + timedelta(days=13), "末端温度不足", None,
                           COMPOUNDS[1])  # fmt: skip
    faults.record_fault(happened=cold, **seen)  # type: ignore[arg-type]


def _classes(firm: HeatingCompany, by: User) -> None:
    owing = FeeAccount.objects.filter(company=firm, season="2021-2022", owing_fen__gt=0).order_by("pk")
    kinds = (("hardship", "relief"), ("dispute", "repair"), ("absent", "remind"), ("unwilling", "instalments"))
    for account, (kind, measure) in zip(owing, kinds, strict=False):
        arrears.class_arrears(account=account, arrears=kind, measure=measure, words="已入户沟通", by=by, on=ON.date())


def _suspensions(programme: Programme, county: Area, by: User) -> None:
    """Of the coming season: one approved, one that waits, one of a number nobody has."""
    day = datetime(2022, 4, 11, 2, 0, tzinfo=UTC)
    made = [
        suspensions.apply_suspension(
            programme=programme, area=county, season="2022-2023", source="public", now=day,
            application=Application(f"{county.code[-2:]}{number:05d}", "王演示", "19900000388", words="整季不住"),
        )[0]
        for number in (3, 9, 99_999)
    ]  # fmt: skip
    suspensions.decide_suspension(suspension=made[0], approve=True, words="", by=by, now=day)


def _service(programme: Programme, firm: HeatingCompany, by: User) -> None:
    """Temperatures of ten homes around the limit, and a survey of six with five answers."""
    accounts = FeeAccount.objects.filter(company=firm, season="2021-2022", kind="resident").order_by("pk")[:10]
    for n, account in enumerate(accounts):
        room_samples.record_room_sample(
            programme=programme, company=firm, account=account, room_c=Decimal(176 + 3 * n) / 10,
            source="complaint" if n == 0 else "visit", measured_at=datetime(2022, 1, 20, n, 30, tzinfo=UTC), by=by,
            now=ON,
        )  # fmt: skip
    survey: Survey = surveys.draw_survey(programme=programme, company=firm, season="2021-2022", name="采暖季满意度回访",
                                         size=6, seed="baiyin-2022", by=by, now=ON)  # fmt: skip
    for answer, score in zip(survey.answers.all(), (5, 4, 5, 3, 5), strict=False):
        surveys.answer_survey(answer=answer, reached="answered", score=score, by=by, on=date(2022, 4, 12))
