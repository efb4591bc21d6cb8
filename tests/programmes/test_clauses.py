"""What each document asks of a plan, read back from the programme's page after `load_programme`, row by row.

The number of the clause stands in the row with the words and numbers it is about. The command loads the preset inside
each test: without the loader there is no page.
"""

from __future__ import annotations

import html
import re
from datetime import date

import pytest
from pytest import mark

from households.importing.context import roster_context
from programmes.models import Programme
from programmes.plan_queries import rollout_order, threshold
from tests import people
from tests.programmes.browsing import browser
from tests.programmes.conftest import LoadPreset

pytestmark = pytest.mark.django_db
STORE = "programmes.loading:store_programme"
TABLES = "programmes.queries:target_tables"
ORDER = "programmes.plan_queries:rollout_order"
LIMITS = "programmes.plan_queries:threshold"
CHANGE = "programmes.services:change_targets"
DETAIL = "programmes:programme-detail"
EDIT = "programmes:target-edit"
STEPS = "programmes:milestone-list"
CHECKLIST = "programmes.Checklist"
DEADLINE = "programmes.Deadline"
FIGURE = "programmes.Figure"
INDICATOR = "programmes.Indicator"
PART = "programmes.SubProgramme"
PHASE = "programmes.Phase"
PRINCIPLE = "programmes.Principle"
ROUTE = "programmes.Technology"
SUM = "programmes.StatedSum"
TARGET = "programmes.Target"
THRESHOLD = "programmes.Threshold"
ANY = r"[A-Z]-"
ROW = re.compile(r"<(tr|li)\b.*?</\1>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")


class Page:
    """The rows of a programme's page as text."""

    def __init__(self, programme: Programme) -> None:
        office = people.user("office", programme.area_id)
        text = browser(office).get(f"/programmes/{programme.code}/").content.decode()
        self.rows = [" ".join(html.unescape(TAG.sub(" ", one.group(0))).split()) for one in ROW.finditer(text)]

    def says(self, clause: str, *words: str) -> bool:
        """Whether one row names the clause (`ANY`: whichever) and says all of the words."""
        named = re.compile(rf"\b{clause}\b") if clause != ANY else re.compile("")
        return any(named.search(row) and all(word in row for word in words) for row in self.rows)


TAISHAN = (
    ("T-01", "24,961", "户"),
    ("T-02", "488", "户"),
    ("T-03", "70,000", "7万平方米", "㎡"),  # in m², never among the households
    ("T-11", "热电联产、工业余热管网", "1", "管网供热"),
    ("T-12", "区域集中供热", "2", "地源热泵", "污水源热泵", "生物质锅炉"),
    *(("T-13", route, "3") for route in ("电代煤", "气代煤", "太阳能供暖")),
    ("T-13", "电代煤", "优先: 空气源热风机"),
    ("T-14", "实施农村地区光伏试点建设", "“双清”暖心工程"),
    ("T-44", "2021-07-01", "确村确户名单", "逾期"),
    ("T-55", "现场实测室内温度", "18"),
)  # fmt: skip
JINCHENG = (
    ("J-01", "建成区", "= 100 %", "2020-10-31"),
    ("J-02", "农村地区", ">= 60 %"),
    ("J-03", "820", "相符"),
    *(("J-04", town, number, "相符") for town, number in (
        ("南村镇", "531"), ("西上庄街道", "80"), ("钟家庄街道", "185"), ("东街街道", "19"), ("南街街道", "5"))),
    *(("J-05", route, number, "相符") for route, number in (
        ("集中供热", "575"), ("煤改电", "185"), ("工业余热", "60"))),
    ("J-05", "煤改电", "热泵等非直热、高效电采暖", "非直热", "利用低谷电力", "集中式蓄热", "空气源热泵"),
    ("J-14", "生物质集中供暖"),
    ("J-63", "2020-05-28 – 2020-06-10"),
    ("J-64", "2020-06-11 – 2020-10-10"),
    ("J-65", "2020-10-11 – 2020-10-31"),
)  # fmt: skip
LITONG = (
    ("L-02", "112.17", "万㎡"),
    ("L-03", "城区", "= 100 %"),
    ("L-03", "既有建筑", "= 100 %"),
    ("L-03", "农村", ">= 80.3 %", "141 / 587.77 万㎡", "23.97 %"),
    *(("L-05", venue, number) for venue, number in (
        ("乡镇政府", "2"), ("村委会", "58"), ("卫生院", "11"), ("村级医疗卫生站", "55"), ("中小学幼儿园", "29"),
        ("公共机构共计", "167"))),
    ("L-06", "热炕板农户", "11,058 户"),
    ("L-06", "热风机农户", "761 户"),
    ("L-06", "20 %", "左右"),
    ("L-07", "330.8", "万㎡"),
    ("L-08", "余热取暖", "11,800", "1.18万户"),
    ("L-08", "余热取暖新增面积", "118", "万㎡"),
    ("L-09", "双替代", "16,700"),
    ("L-09", "双替代新增面积", "167", "万㎡"),
    ("L-10", "科技园区", "2023", "500"),
    ("L-11", "24.58", "2*12.29Km", "km"),
    ("L-11", "200", "万㎡"),
    ("L-11", "42"),
    *(("L-12", area, "万㎡", "相符") for area in ("3.6", "1.5", "88", "5.34", "13.73")),
    *((ANY, town, number) for town, number in (
        ("金积镇", "600"), ("古城镇", "500"), ("上桥镇", "700"), ("东塔寺乡", "1,000"), ("郭家桥乡", "1,000"),
        ("板桥乡", "500"))),
    ("L-13", "4,300", "相符"),
    ("L-14", "电网基础设施建设", "国网吴忠供电公司利通区分公司", "区发改局", "2021–2023", "13,530"),
    ("L-28", "一村组一模式", "1种", "原则上，例外须说明理由", "可适当调整"),
    ("L-32", "第一步", "2022-03-02 – 2022-03-15"),
    ("L-32", "第二步", "2022-03-16 – 2022-04-30"),
    ("L-33", "第三步", "2022-05-01 – 2022-11-30", "13600"),
    ("L-34", "第四步", "2023-01-01 – 2023-11-30", "11900"),
    ("L-35", "组织实施", "2022-03-02 – 2023-12-30"),
    ("L-35", "2022-12-01 – 2022-12-30"),
    ("L-35", "2023-12-01 – 2023-12-30"),
    ("L-46", "1台热风机、1台直热式电暖器、1套电热炕"),
    ("L-47", "低温式空气源热泵"),
    ("L-48", "电蓄热", "利用低谷电力"),
    ("L-48", "在谷电时段蓄热设备开启蓄热，在峰电时段供热"),
    ("L-49", "燃气壁挂炉", "2"),
    ("L-50", "太阳能集热器", "电热锅炉等辅助热源", "蓄热罐", "连接管路", "散热部件", "控制系统"),
    ("L-51", "电厂余热", "管网供热"),
    ("L-51", "生物质供暖", "环境参数检测上报", "防止燃烧煤"),
    ("L-52", "生物质集中供暖项目应有环境参数检测上报装置"),
    ("L-53", "户式生物质炉具应有防止燃烧煤"),
    *((ANY, route, "可结合光伏") for route in ("热泵热风机+电直热", "空气源热泵热水机", "电蓄热", "燃气壁挂炉")),
    ("L-55", "电改优先、气改补充", "原则上，例外须说明理由"),
    (ANY, "电蓄热", " 1 "),
    ("L-81", "2023-12-31", "建筑能效提升"),
)  # fmt: skip
DATONG = (
    *(("D-01", number) for number in (
        "1,233.9 万㎡", "204.8 万㎡", "64,991 户", "19,232 户", "51.16 万㎡", "4,926 户")),
    *(("D-02", number) for number in ("629.2 万㎡", "74,653 户", "9,152 户", "102.31 万㎡", "9,852 户")),
    *(("D-03", number) for number in ("486.23 万㎡", "74,203 户", "9,925 户", "102.31 万㎡", "9,852 户")),
    *(("D-04", place, "= 100 %", day) for place, day in (
        ("城区", "2021-12-31"), ("县城建成区", "2022-12-31"), ("平原农村地区", "2023-12-31"))),
    ("D-08", "集中供热", "1", "管网供热"),
    ("D-08", "管网优先", "重点乡镇"),
    ("D-09", "煤改电", "优先: 水暖、地暖", "太阳能＋电辅热", "效率高、功率低"),
    ("D-10", "已经确村确户的煤改电用户", "13,079 户", "2021年6月"),
    ("D-12", "煤改气", "LNG、CNG"),
    ("D-16", "洁净煤＋环保炉具", "改造前过渡"),
    ("D-16", "生物质成型燃料＋专用炉具", "改造前过渡"),
    ("D-22", "节能同步", "同步实施"),
    ("D-24", "推进燃煤锅炉超低排放改造", "新荣区政府、左云县政府"),
    ("D-51", "PPP、特许经营和政府购买服务"),
    ("D-53", "具备节能改造价值", "= 100 %"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        pytest.param("taishan_2021", TAISHAN, marks=[
            mark.clause("T-02", "农村地区建筑能效提升488户", serves=STORE, page=DETAIL, model=SUM),
            mark.clause("T-03", "城区建筑能效提升7万平方米", serves=STORE, page=DETAIL, model=SUM),
            mark.clause("T-11", "充分利用热电联产、工业余热…管网向农村延伸", serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("T-12", "市政管网未覆盖区域优先…区域集中供热", serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("T-13", "分散电代煤、气代煤、太阳能…电代煤以空气源热风机为主",
                        serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("T-44", "于7月1日前报…办公室核准后实施", serves=STORE, page=DETAIL, model=DEADLINE),
            mark.clause("T-55", "按照《山东省…验收和运行管理指南》", serves=STORE, page=DETAIL, model=CHECKLIST),
            mark.clause("T-14", "农村地区光伏试点…“双清”暖心工程", serves=STORE, page=DETAIL, model=PRINCIPLE),
        ]),
        pytest.param("jincheng_2020", JINCHENG, marks=[
            mark.clause("J-01", "2020年10月底前，建成区…达到100%", serves=STORE, page=DETAIL, model=INDICATOR),
            mark.clause("J-02", "农村地区达到60%以上", serves=STORE, page=DETAIL, model=INDICATOR),
            mark.clause("J-03", "共计划完成820户", serves=STORE, page=DETAIL, model=SUM),
            mark.clause("J-04", "南村镇531、西上庄80、钟家庄185、东街19、南街5", serves=STORE, page=DETAIL, model=SUM),
            mark.clause("J-05", "集中供热575、煤改电185、工业余热60", serves=STORE, page=DETAIL, model=SUM),
            mark.clause("J-09", "优先推广热泵等非直热、高效电采暖", serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("J-10", "推广集中式蓄热、热泵…空气源热泵…利用低谷电力", serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("J-14", "生物质集中供暖", serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("J-63", "摸底调研 5月28日—6月10日", serves=STORE, page=DETAIL, model=PHASE),
            mark.clause("J-64", "制定方案、实施 6月11日—10月10日", serves=STORE, page=DETAIL, model=PHASE),
            mark.clause("J-65", "全面完成、综合评估 10月11日—10月31日", serves=STORE, page=DETAIL, model=PHASE),
        ]),
        pytest.param("litong_2021", LITONG, marks=[
            mark.clause("L-02", "取暖能效提升面积112.17万平方米", serves=STORE, page=DETAIL, model=SUM),
            mark.clause("L-03", "城区清洁供暖率达到100%…80.3%以上", serves=STORE, page=DETAIL, model=INDICATOR),
            mark.clause("L-04", "141万平方米，占587.77万平方米的23.97%", serves=STORE, page=DETAIL, model=INDICATOR),
            mark.clause("L-05", "公共机构167个单位", serves=STORE, page=DETAIL, model=FIGURE),
            mark.clause("L-06", "热炕板农户11058户、热风机农户761户，约20%", serves=STORE, page=DETAIL, model=FIGURE),
            mark.clause("L-07", "总计新增330.8万平方米", serves=STORE, page=DETAIL, model=SUM),
            mark.clause("L-08", "1.18万户，118万平方米", serves=STORE, page=DETAIL, model=PART),
            mark.clause("L-09", "1.67万户，167万平方米", serves=STORE, page=DETAIL, model=PART),
            mark.clause("L-10", "深层地源热泵3.8万平方米（农业科技园区）", serves=STORE, page=DETAIL, model=PART),
            mark.clause("L-11", "一级供热管网2*12.29Km；新增200万平方米，其中农村42万",
                        serves=STORE, page=DETAIL, model=SUM),
            mark.clause("L-12", "能效5个项目 3.6 + 1.5 + 88 + 5.34 + 13.73", serves=STORE, page=DETAIL, model=PART),
            mark.clause("L-13", "农村平房4300户：金积600、古城500、上桥700、东塔寺1000、郭家桥1000、板桥500",
                        serves=STORE, page=DETAIL, model=TARGET),
            mark.clause("L-14", "牵头单位/责任单位/配合单位/实施年限", serves=STORE, page=DETAIL, model=PART),
            mark.clause("L-28", "同一村组区域内选择…1种冬季清洁取暖模式", serves=STORE, page=DETAIL, model=PRINCIPLE),
            mark.clause("L-29", "原则每个庄点确定一种安装模式，…可适当调整",
                        serves=STORE, page=DETAIL, model=PRINCIPLE),
            mark.clause("L-32", "第一步 3-02..3-15 摸底和入户宣传；第二步 3-16..4-30 示范点数据测试总结",
                        serves=STORE, page=DETAIL, model=PHASE),
            mark.clause("L-33", "第三步 5-01..11-30 全面实施，完成13600户", serves=STORE, page=DETAIL, model=PHASE),
            mark.clause("L-34", "第四步 2023-01-01..11-30 完成11900户", serves=STORE, page=DETAIL, model=PHASE),
            mark.clause("L-35", "组织实施 2022-03-02..2023-12-30；检查验收 每年12-01..12-30",
                        serves=STORE, page=DETAIL, model=PHASE),
            mark.clause("L-47", "低温式空气源热泵热水机", serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("L-50", "太阳能+多种辅助能源", serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("L-51", "电厂余热；生物质集中供暖", serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("L-54", "“清洁能源取暖+光伏”", serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("L-55", "电改优先、气改补充", serves=STORE, page=DETAIL, model=PRINCIPLE),
            mark.clause("L-81", "2023年底完成验收", serves=STORE, page=DETAIL, model=DEADLINE),
            mark.clause("L-48", "电蓄热…谷电时段蓄热，峰电时段供热", serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("L-52", "生物质集中供暖项目应有环境参数检测上报装置", serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("L-53", "户式生物质炉具应有防止燃烧煤", serves=STORE, page=DETAIL, model=ROUTE),
        ]),
        pytest.param("datong_2021", DATONG, marks=[
            mark.clause("D-01", "集中供热1233.90万㎡，超低排放204.8万㎡，煤改电64991，煤改气19232…农村节能4926户",
                        serves=STORE, page=DETAIL, model=SUM),
            mark.clause("D-02", "629.20万㎡，74653，9152，102.31万㎡，9852户", serves=STORE, page=DETAIL, model=SUM),
            mark.clause("D-03", "486.23万㎡，74203，9925，102.31万㎡，9852户", serves=STORE, page=DETAIL, model=SUM),
            mark.clause("D-04", "2021城区100％；2022县城建成区100％；2023底平原农村100％",
                        serves=STORE, page=DETAIL, model=INDICATOR),
            mark.clause("D-08", "市区、县城建成区、重点乡镇优先发展集中供热",
                        serves=STORE, page=DETAIL, model=PRINCIPLE),
            mark.clause("D-09", "优先水暖、推广地暖", serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("D-11", "效率高、功率低的新型电采暖", serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("D-22", "建筑节能与清洁取暖同步实施", serves=STORE, page=DETAIL, model=PRINCIPLE),
            mark.clause("D-51", "培育运营商，PPP、特许经营、政府购买服务", serves=STORE, page=DETAIL, model=PRINCIPLE),
            mark.clause("D-52", "天然气管网以及LNG、CNG点对点气化装置", serves=STORE, page=DETAIL, model=ROUTE),
            mark.clause("D-53", "城区和县城具备节能改造价值的建筑全部完成改造",
                        serves=STORE, page=DETAIL, model=INDICATOR),
            mark.clause("D-10", "已经确村确户的13079户且电力外网容量具备", serves=STORE, page=DETAIL, model=FIGURE),
            mark.clause("D-24", "燃煤锅炉超低排放改造（新荣、左云）", serves=STORE, page=DETAIL, model=PART),
            mark.clause("D-16", "可利用洁净煤＋环保炉具、生物质＋专用炉具", serves=STORE, page=DETAIL, model=ROUTE),
        ]),
    ],
)  # fmt: skip
def test_a_plan_says_what_its_document_says(preset: LoadPreset, name: str, rows: tuple[tuple[str, ...], ...]) -> None:
    page = Page(preset(name))
    assert [row for row in rows if not page.says(*row)] == []


@mark.clause("T-05", "农村以平原地区为主", serves=ORDER,
             page=STEPS, model=PRINCIPLE)  # fmt: skip
@mark.clause("T-06", "宜电则电、宜气则气、宜热则热", serves=TABLES,
             page=EDIT, model=TARGET)  # fmt: skip
def test_taishan_plains_first_and_what_suits_each_village(preset: LoadPreset) -> None:
    programme = preset("taishan_2021")
    assert rollout_order(programme) == ["plain_rural", "remote_rural"]
    page = browser(people.user("office", "370902")).get("/programmes/taishan-2021/targets/").content.decode()
    for village, route in (
        ("样本庄村", "气代煤"),
        ("示范庄村", "电代煤"),
        ("模拟桥村", "气代煤"),
        ("模拟桥村", "电代煤"),
    ):
        assert f'aria-label="{village} {route}"' in page


@mark.clause("J-07", "西上庄街道（散户）80", serves=TABLES,
             page=EDIT, model=TARGET)  # fmt: skip
def test_jincheng_scattered_households(preset: LoadPreset) -> None:
    preset("jincheng_2020")
    page = browser(people.user("office", "140502")).get("/programmes/jincheng-2020/targets/").content.decode()
    cell = re.search(r'<input[^>]*value="(\d+)"[^>]*aria-label="散户 集中供热"', page)
    assert cell and cell.group(1) == "80"


@mark.clause("J-13", "燃气壁挂炉能效不得低于2级水平", serves=LIMITS,
             page=DETAIL, model=THRESHOLD)  # fmt: skip
@mark.clause("J-46", "硫分大于0.5%、灰分大于16%", serves=LIMITS,
             page=DETAIL, model=THRESHOLD)  # fmt: skip
def test_jincheng_limits(preset: LoadPreset) -> None:
    programme = preset("jincheng_2020")
    for code, passes, fails in (("GAS_BOILER_GRADE", "2", "3"), ("COAL_SULPHUR_PERCENT", "0.5", "0.51"),
                                ("COAL_ASH_PERCENT", "16", "16.01")):  # fmt: skip
        limit = threshold(programme, code)
        assert limit is not None
        assert limit.is_met_by(limit.value.__class__(passes)) and not limit.is_met_by(limit.value.__class__(fails))
    assert Page(programme).says("J-46", "灰分", "<= 16 %")


@mark.clause("L-01", "2.85万户，其中2021年3000、2022年13600、2023年11900",
             serves="programmes.plan_queries:stated_lines",
             page=DETAIL, model=SUM)  # fmt: skip
def test_litong_years_stay_open_until_the_breakdown_comes(preset: LoadPreset) -> None:
    page = Page(preset("litong_2021"))
    for words in (("28,500", "2.85万户"), ("2021", "3,000"), ("2022", "13,600"), ("2023", "11,900")):
        assert page.says("L-01", *words, "未分解")


@mark.clause("L-31", "准备部署 2022-03-01..04-31", serves="programmes.plan_checks:findings",
             page=DETAIL, model=PHASE)  # fmt: skip
def test_litong_the_31st_of_april(preset: LoadPreset) -> None:
    preset("litong_2021")
    office = people.user("office", "640302")
    text = browser(office).get("/programmes/litong-2021/").content.decode()
    found = text[text.index('id="findings"') :]
    assert "4月31日" in found and "L-31" in found


@mark.clause("D-07", "整村推进，由城区向外辐射", serves=ORDER,
             page=STEPS, model=PRINCIPLE)  # fmt: skip
def test_datong_from_the_city_outward(preset: LoadPreset) -> None:
    order = rollout_order(preset("datong_2021"))
    assert order == ["built_up", "county_seat", "peri_urban", "plain_rural", "remote_rural"]


@mark.clause(
    "J-17", "2020年采暖期前无法完成拆迁的，应纳入改造范围", serves="households.importing.context:roster_context",
    page="households:import-review", model="programmes.Principle",
)  # fmt: skip
def test_jincheng_takes_homes_in_that_taishan_leaves_out(preset: LoadPreset) -> None:
    """A home listed for demolition is no exclusion in Jincheng's rosters, and one in Taishan's."""
    known = {}
    for name in ("jincheng_2020", "taishan_2021"):
        programme = preset(name)
        known[name] = roster_context(programme, programme.area, on=date(2021, 6, 1)).exclusions
    assert "DEMOLITION_PLAN" not in known["jincheng_2020"] and "LONG_VACANT" in known["jincheng_2020"]
    assert "DEMOLITION_PLAN" in known["taishan_2021"]


def test_boilers_are_those_of_two_counties(preset: LoadPreset) -> None:
    assert preset("datong_2021").parts.get(code="boilers").places == ["140212", "140226"]


def add_row(programme: Programme, area: str, quantity: int, year: int | None, route: str = "") -> tuple[int, str]:
    """One more row of the breakdown through the page: status of the answer and its text."""
    technology = str(programme.technologies.get(code=route).pk) if route else ""
    sent = {"add_area": area, "add_measure": "CONVERSION", "add_unit": "household", "add_year": str(year or ""),
            "add_technology": technology, "add_quantity": str(quantity)}  # fmt: skip
    answer = browser(people.user("office", programme.area_id)).post(f"/programmes/{programme.code}/targets/", sent)
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize(
    ("name", "places", "route", "year", "asked"),
    [
        pytest.param("datong_2021", ("140212", "140226"), "ELECTRIC", 2021, 64991, marks=mark.clause(
            "D-05", "附件：三年任务分解表", serves=CHANGE, page=EDIT, model=TARGET)),
        ("datong_2021", ("140212", "140226"), "ELECTRIC", 2023, 74203),
        ("datong_2021", ("140212", "140226"), "GAS", 2022, 9152),
        pytest.param("litong_2021", ("640302102", "640302103"), "", 2022, 13600, marks=mark.clause(
            "L-84", "任务数按照本细则附件1执行；具体见任务分配表", serves=CHANGE, page=EDIT, model=TARGET)),
    ],
)  # fmt: skip
def test_a_breakdown_never_adds_up_to_more_than_the_documents_number(
    preset: LoadPreset, name: str, places: tuple[str, str], route: str, year: int, asked: int
) -> None:
    programme = preset(name)
    before = programme.targets.count()
    assert add_row(programme, places[0], asked - 1, year, route)[0] == 302
    status, text = add_row(programme, places[1], 2, year, route)
    assert status == 422 and str(asked) in text and str(asked + 1) in text
    assert add_row(programme, places[1], 1, year, route)[0] == 302
    assert programme.targets.count() == before + 2


@mark.clause("T-42", "细化分解任务", serves=CHANGE, page=EDIT, model=TARGET)
def test_taishan_breaks_down_to_villages_and_never_beyond_the_district(preset: LoadPreset) -> None:
    programme = preset("taishan_2021")
    left = 24961 - sum(int(one.quantity) for one in programme.targets.filter(measure="CONVERSION", unit="household"))
    status, text = add_row(programme, "370902101", left + 1, 2021, "SOLAR")
    assert status == 422 and "24961" in text and "24962" in text
    assert add_row(programme, "370902101", left, 2021, "SOLAR")[0] == 302
    assert Page(programme).says("T-01", "24,961", "相符")
