"""What heat supply keeps of a town's fees: accounts with lines, an application, a fault, samples, a survey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import clock
from heatsupply.models import (
    FeeAccount,
    FeeLine,
    HeatImport,
    HeatingCompany,
    RoomSample,
    SupplyFault,
    Survey,
    SurveyAnswer,
    Suspension,
)
from heatsupply.services.suspensions import account_index
from heatsupply.terms.fees import latest_season, season_of

if TYPE_CHECKING:
    from tests.permissions.town import Town


def build(town: Town) -> None:
    """`size` of each, all of one company of the town."""
    company, _new = HeatingCompany.objects.get_or_create(name=f"{town.word}热费公司", area=town.area)
    season = latest_season(town.county, clock.today())
    accounts = [_account(town, company, season, n) for n in range(town.size)]
    survey = Survey.objects.create(
        programme=town.county, company=company, area=town.area, season=season, name=f"{town.word}调查", seed="s",
        size=town.size, population=town.size, digest="0" * 64, drawn_by=town.clerk, drawn_at=clock.now(),
    )  # fmt: skip
    for place, account in enumerate(accounts, 1):
        SurveyAnswer.objects.create(
            survey=survey, company=company, area=town.area, account=account, place=place, words=f"{town.word}意见"
        )
        town.keep("heat_import", HeatImport.objects.create(
            kind="fees", company=company, area=town.area, programme=town.county, season=season, state="stored",
            file=town.document("heat_import"), file_sha256="0" * 64, sent_by=town.clerk, sent_at=clock.now(),
            counts={"rows": 1, "problems": 1},
            problems={"rows": [{"where": "A!F4", "code": "AMOUNT_UNREADABLE", "value": f"{town.word}元"}]},
        ))  # fmt: skip


def _account(town: Town, company: HeatingCompany, season: str, n: int) -> FeeAccount:
    seen = {"programme": town.county, "company": company, "area": town.area, "season": season}
    number, now = f"{town.code}-{n:06d}", clock.now()
    family = town.homes["accepted"][n].household
    made: FeeAccount = FeeAccount.objects.create(
        **seen, account_no=number, account_index=account_index(number), payer_name=f"{town.word}人{n}",
        phone=family.phone, address=f"{town.word}路{n}号", compound_name=f"{town.word}小区", charged_fen=town.fen,
        heated_m2=88, arrears="other", measure="remind", measure_words=f"{town.word}约定",
    )  # fmt: skip
    first_day = season_of(town.county, season).first_day
    FeeLine.objects.create(
        account=made, company=company, area=town.area, kind="charge", fen=town.fen, on=first_day, at=now
    )
    Suspension.objects.create(
        **seen, account=made, number=f"TN-{town.code}-{n}", source="public", account_no=number,
        applicant_name=f"{town.word}人{n}", phone=family.phone, words=f"{town.word}原因", applied_at=now,
    )  # fmt: skip
    SupplyFault.objects.create(
        **seen, fault="stopped", account=made, starts_at=now.replace(hour=1), ends_at=now.replace(hour=2),
        words=f"{town.word}停热", recorded_by=town.clerk,
    )  # fmt: skip
    RoomSample.objects.create(
        **seen, account=made, source="visit", room_dc=180 + n, measured_at=now, words=f"{town.word}测温"
    )
    return town.keep("fee_account", made)  # type: ignore[no-any-return]
