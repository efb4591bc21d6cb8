"""Workbooks of heating companies: tried by a job, told by cell, stored once whatever happens, faulty rows sent back."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook as Excel
from openpyxl import load_workbook

from core.refusals import Refused
from heatsupply.models import FeeAccount, FeeImport, FeeLine, HeatImport, PipeSegment, RenewalPlan, RenewalSegment
from heatsupply.services import files
from heatsupply.services.pipe_imports import judge_pipes
from jobs.models import Job
from jobs.running import Cancelled
from tests import people
from tests.heatsupply.fee_room import HEADS, NOW, SEASON, FeeRoom, client_of, fees, person_of, row
from tests.heatsupply.networks import Heat, heat, piece

__all__ = ["fees", "heat"]


def excel(sheets: dict[str, list[list[Any]]], *, merged: tuple[str, ...] = (), name: str = "表.xlsx") -> Any:
    book = Excel()
    book.remove(book.active)
    for title, rows in sheets.items():
        page = book.create_sheet(title)
        for one in rows:
            page.append(one)
        for block in merged:
            page.merge_cells(block)
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile(name, out.getvalue())


def fee_file(rows: list[dict[str, str]]) -> SimpleUploadedFile:
    lines = [",".join(HEADS), *(",".join(one[head] for head in HEADS) for one in rows)]
    return SimpleUploadedFile("热费.csv", "\n".join(lines).encode())


def send(client: Client, fees: FeeRoom, file: SimpleUploadedFile, *, look: bool = True) -> HeatImport:
    form = {"deed": "import", "company": fees.company.pk, "season": SEASON, "file": file}
    answer = client.post(reverse("heat:fee-act"), form)
    assert answer.status_code == 302, answer.content.decode()
    made = HeatImport.objects.get(pk=int(answer["Location"].rstrip("/").rpartition("/")[2]))
    return checked(made) if look else made


def checked(made: HeatImport) -> HeatImport:
    """What the job does, and its end."""
    Job.objects.filter(pk=made.job_id).update(state="done")
    return files.check_file(made.pk)


def page_of(client: Client, made: HeatImport) -> Any:
    return client.get(reverse("heat:file-detail", args=[made.pk]))


def store(client: Client, made: HeatImport, **more: str) -> int:
    """Ask by the button; then what the job does."""
    said = {"do": "store", "digest": made.plan_digest} | more
    status: int = client.post(reverse("heat:file-detail", args=[made.pk]), said).status_code
    if status == 302:
        done = files.store_file_rows(made.pk, by=made.sent_by, now=NOW)
        Job.objects.filter(pk=done.job_id).update(state="done")
    return status


@pytest.mark.clause(
    "B-01", "热费收缴率平均达到80%左右", serves="heatsupply.services.files:store_file_rows",
    page="heat:file-detail", model="heatsupply.FeeAccount",
)  # fmt: skip
def test_a_companys_file_is_tried_stored_once_and_a_later_one_adds_what_came_in(fees: FeeRoom) -> None:
    client = client_of(fees.firm)
    rows = [row("A1", received="2300", channel="微信"), row("A2", received="1000", channel="支付宝"), row("A3")]
    made = send(client, fees, fee_file(rows))
    assert (made.state, made.counts["new"], made.counts["charged_fen"], FeeAccount.objects.count()) == (
        "checked", 3, 690_000, 0,
    )  # fmt: skip
    assert "6,900.00" in page_of(client, made).content.decode()
    assert store(client, made, digest="other") == 409
    assert store(client, made) == 302
    assert (FeeAccount.objects.count(), FeeLine.objects.count(), FeeImport.objects.count()) == (3, 5, 1)
    assert store(client, made) == 409
    assert send(client, fees, fee_file(rows), look=False) == made  # the same file again leads to its page
    later = send(client, fees, fee_file([*rows[:2], row("A3", received="2300", channel="甘快办")]))
    assert (later.counts["changed"], later.counts["same"], later.counts["received_fen"]) == (1, 2, 230_000)
    assert store(client, later) == 302
    back = send(client, fees, fee_file(rows))  # the first file once more, after another: it would lower what is known
    assert (back.counts["lowered"], back.counts["received_fen"]) == (1, -230_000)
    assert FeeAccount.objects.filter(owing_fen=0).count() == 2


def test_a_run_that_is_cut_off_goes_on_where_it_was_and_nothing_happens_twice(
    fees: FeeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PIECE", 2)
    client = client_of(fees.firm)
    made = send(client, fees, fee_file([row(f"A{n}", received="100", channel="微信") for n in range(7)]))

    def cut(at: int) -> Callable[[int, int], None]:
        def step(done: int, total: int) -> None:
            if done >= at:
                raise Cancelled

        return step

    client.post(reverse("heat:file-detail", args=[made.pk]), {"do": "store", "digest": made.plan_digest})
    for at in (2, 4):
        with pytest.raises(Cancelled):
            files.store_file_rows(made.pk, by=fees.firm, now=NOW, step=cut(at))
        made.refresh_from_db()
        assert (made.state, made.stored_rows, FeeAccount.objects.count()) == ("storing", at, at)
    assert made.job is not None
    type(made.job).objects.filter(pk=made.job.pk).update(state="cancelled")
    assert page_of(client, made).context["stopped"]
    again = {"do": "store", "digest": ""}
    assert client.post(reverse("heat:file-detail", args=[made.pk]), again).status_code == 302
    assert client.post(reverse("heat:file-detail", args=[made.pk]), again).status_code == 409  # it runs already
    ended: list[int] = []
    done = files.store_file_rows(made.pk, by=fees.firm, now=NOW, end=lambda one: ended.append(one.stored_rows))
    assert (done.state, ended, FeeAccount.objects.count(), FeeLine.objects.count()) == ("stored", [7], 7, 14)
    assert FeeLine.objects.values("source").distinct().count() == 1
    assert files.store_file_rows(made.pk, by=fees.firm, now=NOW).stored_rows == 7


def test_what_changed_since_the_trial_is_looked_at_anew_before_anything_is_stored(fees: FeeRoom) -> None:
    client = client_of(fees.firm)
    made = send(client, fees, fee_file([row("A1"), row("A2")]))
    fees.take([row("A1", received="50", channel="现金")])
    client.post(reverse("heat:file-detail", args=[made.pk]), {"do": "store", "digest": made.plan_digest})
    with pytest.raises(Refused, match="PLAN_CHANGED"):
        files.store_file_rows(made.pk, by=fees.firm, now=NOW)
    fresh = HeatImport.objects.get(pk=made.pk)
    assert (fresh.state, fresh.counts["lowered"], fresh.plan_digest != made.plan_digest) == ("checked", 1, True)
    assert FeeAccount.objects.count() == 1


def test_every_faulty_cell_is_told_at_once_and_its_rows_come_back_to_be_corrected(fees: FeeRoom) -> None:
    client = client_of(fees.office)
    rows = [
        row("A1"), row("", fee="2300"), row("A3", fee="二千"), row("A4", received="5", channel="贝壳"),
        row("A5", 用户类别="火星"), row("A6", 缴费日期="2999-01-01"), row("A7"), row("A7"),
    ]  # fmt: skip
    made = send(client, fees, fee_file(rows))
    page = page_of(client, made)
    assert [one["where"].rpartition("!")[2] for one in page.context["problems"]] == [
        "A3", "F4", "H5", "C6", "I7", "A8", "A9",
    ]  # fmt: skip
    assert (made.counts["faulty_rows"], store(client, made)) == (7, 422)
    got = client.get(reverse("heat:file-detail", args=[made.pk]), {"as": "rows"})
    book = load_workbook(io.BytesIO(b"".join(got.streaming_content)))
    sheet = book.worksheets[0]
    assert (sheet.max_row, sheet["A1"].value, sheet["F3"].value, sheet["F3"].fill.fgColor.rgb) == (
        8, "用户编号", "二千", "FFFBE9E7",
    )  # fmt: skip
    assert store(client, made, in_spite="on") == 302
    assert FeeAccount.objects.count() == 1
    for cell, said in {"A2": "A2", "F3": "2000", "H4": "微信", "C5": "居民", "I6": "", "A8": "A8"}.items():
        sheet[cell] = said
    out = io.BytesIO()
    book.save(out)
    mended = send(client, fees, SimpleUploadedFile("rows.xlsx", out.getvalue()))
    assert (mended.counts["faulty_rows"], mended.counts["new"]) == (0, 7)
    assert store(client, mended) == 302
    assert FeeAccount.objects.count() == 8


def test_an_ugly_workbook_is_read_as_people_mean_it(fees: FeeRoom) -> None:
    sheet = [
        ["某热力公司2022—2023年度热费台账"],
        ["序号", "用户编号", "户名", "小区", "用户类别", "热费（元）", None, "缴费方式", "备注"],
        [None, None, None, None, None, "应收热费", "已收热费", None, None],
        [1, "０００１", "张示例", "和苑", "居民", "￥2,300.00", 2300, "微信支付", ""],
        [2, "0002", "李样本", None, None, 1150.5, "-", "", "老人"],
        ["1号楼小计", None, None, None, None, 3450.5, 2300, None, None],
        [3, "0003", "示例县虚构局", "机关院", "机关事业单位", "1.2万", "12000元", "对公转账", ""],
        [4, "0004", "王测试", "机关院", "居民", 4600, 4600, "现金", ""],
        [5, "0005", "赵样张", "机关院", "居民", None, None, "现金", ""],
        [None, "合计", None, None, None, 20050.5, 18900, None, None],
        ["制表人：某某"],
    ]
    merged = (
        "A1:I1",
        "F2:G2",
        "A2:A3",
        "B2:B3",
        "C2:C3",
        "D2:D3",
        "E2:E3",
        "H2:H3",
        "I2:I3",
        "D4:D5",
        "E4:E5",
        "F8:F9",
    )
    file = excel({"说明": [["请勿修改"]], "热费": sheet}, merged=merged)
    made = send(client_of(fees.firm), fees, file)
    assert [(one["where"], one["code"]) for one in made.said] == [
        ("热费!F8", "MERGED_CELLS"),
        ("热费!F9", "MERGED_CELLS"),
    ]
    assert store(client_of(fees.firm), made, in_spite="on") == 302
    found = {one.account_no: one for one in FeeAccount.objects.all()}
    assert sorted(found) == ["0001", "0002", "0003"]
    assert [(found[key].charged_fen, found[key].received_fen) for key in sorted(found)] == [
        (230_000, 230_000), (115_050, 0), (1_200_000, 1_200_000),
    ]  # fmt: skip
    assert (found["0002"].compound_name, found["0003"].kind) == ("和苑", "public_body")


def test_a_file_that_is_none_or_lies_is_refused_with_a_sentence(fees: FeeRoom) -> None:
    client = client_of(fees.firm)
    said = {}
    for name, content in {"no.xlsx": b"no workbook", "heads.csv": b"a,b\n1,2\n", "empty.xlsx": b"PK\x03\x04"}.items():
        made = send(client, fees, SimpleUploadedFile(name, content))
        said[name] = (made.state, made.said[0]["code"], page_of(client, made).status_code)
    assert said == {
        "no.xlsx": ("refused", "NO_HEADER", 200), "heads.csv": ("refused", "NO_HEADER", 200),
        "empty.xlsx": ("refused", "FILE_CORRUPT", 200),
    }  # fmt: skip
    form = {"deed": "import", "company": fees.company.pk, "season": "2022", "file": fee_file([row("A1")])}
    assert client.post(reverse("heat:fee-act"), form).status_code == 422


def test_a_companys_file_is_its_own_and_who_only_reads_does_not_see_it(fees: FeeRoom) -> None:
    made = send(client_of(fees.firm), fees, fee_file([row("A1")]))
    assert page_of(client_of(person_of(fees.other)), made).status_code == 404
    assert page_of(client_of(people.user("auditor", "370999")), made).status_code == 403


HEAD = ["管段编号", "管网级别", "长度（米）", "管径（毫米）", "敷设年份", "状况", "坐标"]


def pipe_file(heat: Heat, *rows: list[Any]) -> HeatImport:
    file = excel({"管段": [["某公司管段表"], HEAD, *map(list, rows)]}, name=f"管段{HeatImport.objects.count()}.xlsx")
    answer = heat.post("segments", network=heat.network.pk, file=file)
    assert answer.status_code == 302
    return checked(HeatImport.objects.latest("pk"))


def test_a_workbook_of_pipes_enters_new_ones_and_the_same_again_changes_nothing(heat: Heat) -> None:
    bad = pipe_file(
        heat, ["A-1", "一级", "0", "300", "2003", "", ""], ["A-2", "三级", "50", "大", "1900", "生锈", "1,2"],
        ["A-3", "", "5"], ["A-3", "", "6"], ["A-2", "", "7"],
    )  # fmt: skip
    assert [one["where"] for one in bad.said] == [
        "管段!C3", "管段!B4", "管段!D4", "管段!E4", "管段!F4", "管段!G4", "管段!A5", "管段!A6", "管段!A7",
    ]  # fmt: skip
    assert (bad.state, PipeSegment.objects.count()) == ("refused", 0)
    first = ["A-1", "一级", "50.5", "DN300", "2003年", "泄漏、腐蚀", "104.17,36.54 104.18,36.55"]
    rows = (first, ["A-2", "二次网", "1.2km", "", "2004-10-01", "无", ""])
    made = pipe_file(heat, *rows)
    assert store(heat.client(), made) == 302
    one, two = PipeSegment.objects.order_by("code")
    assert (one.length_m, one.year_laid, one.conditions) == (Decimal("50.5"), 2003, ["corroded", "leaking"])
    assert (two.level, two.length_m, two.year_laid, two.line) == ("secondary", Decimal(1200), 2004, [])
    again = pipe_file(heat, ["", "", "", "", "", "", ""], *rows)  # another file of the same rows
    assert (again.counts["same"], store(heat.client(), again)) == (2, 422)
    mended = pipe_file(heat, ["A-1", "", "60", "", "", "完好", ""])
    assert (mended.counts["changed"], store(heat.client(), mended)) == (1, 302)
    one.refresh_from_db()
    assert (one.length_m, one.year_laid, one.diameter_mm, one.conditions) == (Decimal(60), 2003, 300, [])


def test_a_pipe_that_was_laid_anew_never_becomes_older_again(heat: Heat) -> None:
    (segment,) = heat.lay(piece("A-1", 2015))
    plan = RenewalPlan.objects.create(
        company=heat.company, area_id=heat.company.area_id, year=2015, name="改造", cost_fen=1, drafted_by=heat.office
    )
    RenewalSegment.objects.create(plan=plan, segment=segment, done_on="2015-09-01")

    def judged(year: int) -> tuple[list[str], int]:
        row = replace(piece("A-1", year), sheet="管段", row_no=3, given=frozenset({"year_laid"}))
        found = judge_pipes(heat.network, [row])
        return [one.code for one in found.problems], found.counts["changed"]

    assert (judged(1998), judged(2016)) == ((["OLDER_THAN_RENEWAL"], 0), ([], 1))
