"""The yearly performance evaluation: what stands, who owes the rest, the result, one archive that proves itself."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils.translation import gettext as _

from accounts.models import AccessLog, User
from core.bundles import verify
from core.files import open_file
from core.refusals import Refused
from households.models import Dwelling
from programmes.models import Target
from reports.models import AnnualEvaluation, LedgerExport
from reports.queries.evaluation import Evaluation, evaluation_of
from reports.queries.progress import FIGURES
from reports.services import evaluation
from reports.services.summaries import refresh_summaries
from supervision.models import Case
from tests.reports.conftest import one_county as county
from tests.reports.world import A1, World, moment

__all__ = ["county"]

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
PACK = "reports.services.evaluation:make_pack"
FACTORS = {
    "coal_t_per_home": {"value": "2.5", "source": "示例来源"},
    "factors": [
        {"code": "PM25", "name": "PM2.5", "kg_per_t": "1.40", "source": "示例文献"},
        {"code": "DUST", "name": "粉尘", "kg_per_t": None, "source": ""},
    ],
}


@pytest.fixture
def year(county: World) -> World:
    county.programme.settings = {"environment": FACTORS}
    county.programme.save()
    Target.objects.create(programme=county.programme, area_id=A1, technology=county.route, year=2021, quantity=40)
    return county


def facts_of(found: Evaluation, code: str) -> dict[str, Any]:
    (section,) = [one for one in found.sections if one.code == code]
    return {one.what: one for one in section.facts}


def found_in(world: World) -> Evaluation:
    return evaluation_of(world.programme, "370999", 2021)


def spared(name: str) -> str:
    return _("%(name)s spared in a season") % {"name": name}


def result(**changes: Any) -> dict[str, Any]:
    usual = {
        "evaluated_on": dt.date(2022, 3, 1), "evaluated_by": "财政、住建、环保、能源四部门", "score": None,
        "grade": "良好", "words": "", "planned_fen": 500_000_000, "decided_fen": 450_000_000,
    }  # fmt: skip
    return usual | changes


def packed(world: World, by: str = "office") -> tuple[LedgerExport, zipfile.ZipFile]:
    export, _work = evaluation.request_pack(
        programme=world.programme, area_code="370999", year=2021, by=world.staff[by]
    )  # fmt: skip
    evaluation.make_pack(export)
    export.refresh_from_db()
    assert export.document is not None
    with open_file(export.document.stored_name) as file:
        return export, zipfile.ZipFile(BytesIO(file.read()))


def rows_of(book: zipfile.ZipFile, name: str) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(BytesIO(book.read(name))).worksheets[0].iter_rows(values_only=True))


def test_what_is_not_known_is_missing_and_never_nought(year: World) -> None:
    found = found_in(year)
    content = facts_of(found, "satisfaction")
    assert [one.value for one in content.values()] == [None, None], "nobody was asked: not 0 %"
    assert all(one.owes for one in content.values())
    air = facts_of(found, "environment")
    assert air[spared("粉尘")].value is None, "no factor, no figure"
    assert air[spared("PM2.5")].value is None, "a factor, and nobody knows what the homes burnt"
    Dwelling.objects.update(old_heating="gas")
    assert facts_of(found_in(year), "environment")[spared("PM2.5")].value == "0.000 t", "known: none burnt coal"
    assert [one.value for one in facts_of(found, "result").values()] == [None] * 4
    year.programme.settings = {}
    year.programme.save()
    assert [one.value for one in facts_of(found_in(year), "environment").values()] == [None]


def test_answers_and_ratings_count_once_they_are_there(year: World) -> None:
    for score in (5, 4, 2):
        Case.objects.create(
            programme=year.programme, area_id=A1, kind="complaint", title="示例", number=f"TS-{score}",
            satisfaction=score, opened_at=moment(dt.date(2021, 11, 30)), closed_at=moment(dt.date(2021, 12, 1)),
        )  # fmt: skip
    rated = list(facts_of(found_in(year), "satisfaction").values())[1]
    assert rated.value == "66.7 %"


@pytest.mark.clause("L-82", "以颗粒物（PM10、PM2.5）为重点", serves="reports.queries.evaluation:evaluation_of",
                    page="reports:evaluation", model="programmes.Programme")  # fmt: skip
def test_cleaner_air_of_the_year_names_its_factors(year: World) -> None:
    homes = Dwelling.objects.filter(area_id=A1, tasks__state="accepted")
    homes.update(old_heating="coal_stove")
    burnt = homes.count()
    air = facts_of(found_in(year), "environment")[spared("PM2.5")]
    least = _("at least %(t)s") % {"t": f"{burnt * 2.5 * 1.4 / 1000:.3f} t"}
    assert burnt > 0 and air.value == least, "of the homes paid already nobody wrote down what they burnt"
    assert air.basis == "1.40 kg/t · 示例文献"


@pytest.mark.clause(
    "T-71", "整体绩效评价各项准备工作", serves=PACK, page="reports:evaluation", model="reports.LedgerExport"
)
@pytest.mark.clause("T-54", "国家考核验收", serves=PACK, page="reports:evaluation", model="reports.LedgerExport")
def test_the_pack_holds_everything_and_proves_itself(year: World, tmp_path: Path) -> None:
    export, book = packed(year)
    path = tmp_path / "pack.zip"
    with path.open("wb") as file, open_file(export.document.stored_name) as stored:
        file.write(stored.read())
    checked = verify(path)
    assert checked.faults == [] and checked.stated["year"] == 2021 and checked.files == export.row_count
    names = set(book.namelist())
    assert {"01-targets.xlsx", "02-funds.xlsx", "03-files.xlsx", "04-satisfaction.xlsx", "05-environment.xlsx"} <= names
    assert {f"ledgers/{kind}.xlsx" for kind in ("town", "fund", "completion", "payout", "gap")} <= names
    contents = rows_of(book, "contents.xlsx")
    stated = {row[0]: row[5] for row in contents if row[0] and str(row[0]).endswith(".xlsx")}
    assert {one["name"]: one["sha256"] for one in json.loads(book.read("manifest.json"))["files"]
            if one["name"] != "contents.xlsx"} == stated  # fmt: skip
    missing = [row for row in contents if row[0] == "—"]
    assert len(missing) == len(found_in(year).missing) > 5 and all(row[3] for row in missing)
    targets = {row[0]: row[1] for row in rows_of(book, "01-targets.xlsx")}
    assert targets[_("households in the plan")] == "40" and targets[str(FIGURES["accepted"][0])] == "9"
    full = year.dwelling(A1, "registered").household
    assert not [name for name in names if str(full.id_number).encode() in book.read(name)]
    evaluation.make_pack(export)
    assert LedgerExport.objects.get(pk=export.pk).document_id == export.document_id, "made once"
    assert AccessLog.objects.filter(kind="export", object_pk=str(export.pk)).exists()


def test_a_ledger_one_may_not_read_is_named_as_left_out(year: World) -> None:
    _export, book = packed(year, "finance")
    assert "ledgers/payout.xlsx" in book.namelist()
    with pytest.raises(PermissionDenied):
        packed(year, "clerk_a")


@pytest.mark.clause(
    "D-44", "绩效评价，评价结果直接影响中央补助资金的拨付", serves="reports.services.evaluation:record_result",
    page="reports:evaluation", model="reports.AnnualEvaluation",
)  # fmt: skip
def test_the_result_says_what_it_did_to_the_central_money(year: World, sign_in: SignIn) -> None:
    client = sign_in(year.staff["office"])
    form = {
        "deed": "result", "year": "2021", "seen": "0", "evaluated_on": "2021-11-21", "evaluated_by": "四部门",
        "score": "86.5", "grade": "良好", "planned": "5000000", "decided": "4500000",
    }  # fmt: skip
    assert client.post("/evaluation/", form).status_code == 302
    row = AnnualEvaluation.objects.get()
    assert (row.effect_fen, row.version) == (-50_000_000, 1)
    html = client.get("/evaluation/?year=2021").content.decode()
    assert "-50.00" in html and "86.50" in html
    assert client.post("/evaluation/", form).status_code == 409, "somebody else's version stands"
    assert client.post("/evaluation/", form | {"seen": "1", "decided": ""}).status_code == 302
    assert AnnualEvaluation.objects.get().effect_fen is None, "not decided is not nothing"
    assert client.post("/evaluation/", form | {"seen": "2", "evaluated_on": "x"}).status_code == 422
    town = sign_in(year.staff["auditor"])
    assert town.post("/evaluation/", form | {"seen": "2"}).status_code == 403


def test_a_result_without_points_or_grade_or_of_tomorrow_is_refused(year: World) -> None:
    for wrong in (result(grade=""), result(evaluated_on=dt.date(2999, 1, 1))):
        with pytest.raises(Refused, match="RESULT_FAULTY"):
            evaluation.record_result(
                programme=year.programme, area_code="370999", year=2021, result=wrong, by=year.staff["office"]
            )  # fmt: skip
    with pytest.raises(Refused, match="PAPER_UNUSABLE"):
        evaluation.record_result(
            programme=year.programme, area_code="370999", year=2021, result=result(), by=year.staff["office"],
            paper=("x.pdf", b"no paper"),
        )  # fmt: skip
    assert not AnnualEvaluation.objects.exists()


def test_the_page_asks_for_the_pack_and_shows_it(year: World, sign_in: SignIn) -> None:
    client = sign_in(year.staff["office"])
    answer = client.post("/evaluation/", {"deed": "pack", "year": "2021"})
    export = LedgerExport.objects.get(kind="evaluation")
    assert answer.url == f"/exports/{export.pk}/" and export.query == "year=2021"
    evaluation.make_pack(export)
    assert client.get(answer.url).status_code == 200
    got = client.get(f"/exports/{export.pk}/file/")
    assert got.status_code == 200 and got["Content-Type"] == "application/zip"
    assert LedgerExport.objects.get(pk=export.pk).document.sha256 in client.get("/evaluation/").content.decode()
    refresh_summaries()
