"""The duties of the five documents: every ROLE row is there, in its own words, and reaches the body it is about."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.models import Membership, User
from core.strict_yaml import read_yaml
from programmes.departments import find_department
from programmes.models import Department
from supervision.loading import load_duties
from tests import people
from tests.clauses.marks import all_clauses
from tests.supervision.conftest import COUNTY, Room, client_of

LOADS = "supervision.loading:load_duties"
BOARD = "supervision:duty-board"
DUTY = "supervision.DutyTerm"
PRESETS = Path(settings.BASE_DIR) / "presets"
DOCUMENTS = {"T": "taishan_2021", "J": "jincheng_2020", "L": "litong_2021", "D": "datong_2021", "B": "baiyin_2023"}


@pytest.mark.parametrize(("letter", "preset"), DOCUMENTS.items())
def test_every_role_row_of_a_document_is_a_duty_in_its_own_words(letter: str, preset: str) -> None:
    asked = {
        row.number: row.words for row in all_clauses().values()
        if row.kind == "ROLE" and row.number.startswith(f"{letter}-")
    }  # fmt: skip
    rows = read_yaml((PRESETS / preset / "duties.yaml").read_text(encoding="utf-8"))["duties"]
    assert {row["clause"]: row["words"] for row in rows} == asked
    assert all(row["unit"] for row in rows)


@pytest.mark.clause(
    "T-87", "区应急管理局：指导应急预案，抓好安全生产", serves="supervision.loading:load_duties",
    page="supervision:duty-board", model="supervision.DutyTerm",
)  # fmt: skip
@pytest.mark.clause(
    "T-56", "领导小组，办公室设在区住建局", serves="supervision.loading:load_duties",
    page="supervision:duty-board", model="supervision.DutyTerm",
)  # fmt: skip
def test_a_department_finds_its_duty_by_its_unit_does_it_and_says_so(room: Room) -> None:
    load_duties(path=PRESETS / "taishan_2021" / "duties.yaml", programme=room.programme, by="tests")
    person = people.bind(people.user("panel_member", COUNTY), Department.objects.get(name="区应急管理局"))
    bureau, group = client_of(person), client_of(people.user("leading_group", COUNTY))
    hazard = room.case()
    mine = [row for row in bureau.get(reverse("supervision:duty-board")).context["rows"] if row.mine]
    assert [(row.clause, row.page) for row in mine] == [("T-87", "supervision:safety-year")]
    assert bureau.get(reverse(mine[0].page)).status_code == 200
    company = client_of(people.user("energy_company", COUNTY))
    pages = {row.page for row in company.get(reverse(BOARD)).context["rows"]} - {""}
    assert all(company.get(reverse(page)).status_code == 200 for page in pages), "no link leads to a closed door"
    assert hazard.number in bureau.get(reverse("supervision:hazard-list")).content.decode()
    act = reverse("supervision:duty-act", args=[mine[0].pk])
    assert bureau.post(act, {"words": "预案已修订"}).status_code == 302
    assert "预案已修订" in bureau.get(reverse("supervision:duty-board")).content.decode()
    for client in (group, client_of(room.office)):
        rows = client.get(reverse("supervision:duty-board")).context["rows"]
        assert "T-56" in {row.clause for row in rows if row.mine}


@pytest.mark.clause("T-48", "各街道镇…入场服务保障和协调工作，并监督运行", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-72", "领导小组…项目推进、预算安排、政策执行、监督考核", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-73", "督导考核、资金保障、综合协调三个工作组", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-75", "资金保障组…资金使用办法、配套办法、投融资计划", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-76", "综合协调组…调度汇总…筹备会议，起草材料", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-77", "区纪委监委：对…慢、弄虚作假、不能按时完成…约谈、问", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-80", "区发改局：…规划、价格支持政策、煤电气保障、压非保", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-81", "区教体局/区民政局/区卫健局：中小学幼儿园/养老院/卫", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-82", "区科技局、区工信局", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-83", "区财政局：资金使用办法…指导采购招标", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-84", "区自然资源局、区规划服务中心、区行政审批局", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-85", "区住建局：指导督促…定期调度上报进展", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-86", "区交运局：能源运输保障；区农业农村局：配套衔接", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-88", "区市场监管局：查处无照经营煤炭…穿心炉…流动售煤", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-89", "区综合行政执法局：气源保障、气代煤安全主体责任、热", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-90", "生态环境分局：淘汰35蒸吨及以下燃煤锅炉…环境效益评", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-91", "泰山供电中心：配电网建设和农网改造", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("T-94", "被动式超低能耗试点任务指标纳入土地出让条件", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("J-39", "附件2-14 供电公司…专线以及专用计量仪表接入用户表箱", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("J-58", "各镇（街道）责任主体", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("J-59", "区发改局牵头…协调、调度", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("J-60", "住建/生态环境/农业农村/财政/自然资源/市场监管/审计", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("J-67", "领导小组办公室设在区发改局；各镇成立工作组", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("L-62", "属地管理；乡（镇）政府负责组织实施", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("L-65", "区发改局：立项审批、竣工验收、气量、电力增容、光伏", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("L-66", "区财政局：中央资金拨付、本级资金、资金监督检查", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("L-67", "区住建和交通局：企业登记表、专家审查、组织验收、日", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("L-68", "生态环境分局；审计局（审计监督）", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("L-70", "城投公司、国网、两家燃气公司", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("L-71", "领导小组办公室：实施项目清单、技术路径、项目实施、", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("L-85", "区政府办公室：组织协调、会议文件", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("D-25", "各县区人民政府：承担各项任务；责任主体：组织、招投", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("D-26", "市能源局：指导督促全市；煤改电", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("D-27", "发改委：电价气价、压非保民信息", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("D-28", "工信局：压非保民措施", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("D-29", "财政局：资金争取和拨付", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("D-30", "规划和自然资源局：用地规划许可", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("D-31", "住建局：施工许可项目质量安全、农房节能技术指导", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("D-32", "生态环境局：超低排放、锅炉排放", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("D-33", "城市管理局：集中供热、煤改气任务及安全运营", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("D-34", "农业农村局：生物质", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("D-35", "市场监管局：特种设备质量安全检验", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("D-37", "国网大同：外网改造；将“煤改电”用户纳入…电量交易系", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("D-38", "华润天然气：管网入户改造", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.clause("B-35", "各县区人民政府、白银高新区管委会具体落实；市直部门", serves=LOADS, page=BOARD, model=DUTY)
@pytest.mark.parametrize(("letter", "preset"), DOCUMENTS.items())
def test_every_body_of_a_document_finds_its_duties_and_nobody_elses_on_its_board(
    room: Room, letter: str, preset: str
) -> None:
    """One account per document, moved from body to body: its own rows come first, with the clause and what is open."""
    path = PRESETS / preset / "duties.yaml"
    rows = read_yaml(path.read_text(encoding="utf-8"))["duties"]
    load_duties(path=path, programme=room.programme, by="tests")
    made = people.user("city_viewer", COUNTY)
    User.objects.filter(pk=made.pk).update(unit=rows[0]["unit"])
    client = client_of(made)
    assert not client.get(reverse("supervision:duty-board")).context["open_count"], "a unit's name gives nothing"
    for unit in sorted({row["unit"] for row in rows}):
        Membership.objects.filter(user=made).delete()
        people.bind(made, find_department(COUNTY, unit))
        shown = client.get(reverse("supervision:duty-board"))
        mine = {(row.clause, row.words) for row in shown.context["rows"] if row.mine}
        assert mine == {(row["clause"], row["words"]) for row in rows if row["unit"] == unit}
        assert shown.context["open_count"] == len([row for row in rows if row["unit"] == unit])
        assert f"{letter}-" in shown.content.decode()
