"""What each document asks of a plan, read back from the programme's page after `load_programme`, row by row.

The number of the clause stands in the row with the words and numbers it is about. The command loads the preset inside
each test: without the loader there is no page.
"""

from __future__ import annotations

import html
import re

import pytest
from pytest import mark

from programmes.models import Programme
from programmes.plan_queries import rollout_order, threshold
from tests import people
from tests.programmes.browsing import browser
from tests.programmes.conftest import LoadPreset

pytestmark = pytest.mark.django_db
ROW = re.compile(r"<(tr|li)\b.*?</\1>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")


class Page:
    """The rows of a programme's page as text."""

    def __init__(self, programme: Programme) -> None:
        office = people.user("office", programme.area_id)
        text = browser(office).get(f"/programmes/{programme.code}/").content.decode()
        self.rows = [" ".join(html.unescape(TAG.sub(" ", one.group(0))).split()) for one in ROW.finditer(text)]

    def says(self, clause: str, *words: str) -> bool:
        """Whether one row names the clause and says all of the words."""
        named = re.compile(rf"\b{clause}\b")
        return any(named.search(row) and all(word in row for word in words) for row in self.rows)


@mark.clause("T-02", "农村地区建筑能效提升488户", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.StatedSum")  # fmt: skip
@mark.clause("T-03", "城区建筑能效提升7万平方米", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.StatedSum")  # fmt: skip
@mark.clause("T-11", "充分利用热电联产、工业余热…管网向农村延伸", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Technology")  # fmt: skip
@mark.clause("T-12", "市政管网未覆盖区域优先…区域集中供热", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Technology")  # fmt: skip
@mark.clause("T-13", "分散电代煤、气代煤、太阳能…电代煤以空气源热风机为主", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Technology")  # fmt: skip
@mark.clause("T-44", "于7月1日前报…办公室核准后实施", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Deadline")  # fmt: skip
@mark.clause("T-55", "按照《山东省…验收和运行管理指南》", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Checklist")  # fmt: skip
def test_taishan(preset: LoadPreset) -> None:
    programme = preset("taishan_2021")
    page = Page(programme)
    assert page.says("T-01", "24,961", "户") and page.says("T-02", "488", "户")
    assert page.says("T-03", "70,000", "7万平方米", "㎡")  # in m², never among the households
    assert page.says("T-11", "热电联产、工业余热管网", "1", "管网供热")
    assert page.says("T-12", "区域集中供热", "2", "地源热泵", "污水源热泵", "生物质锅炉")
    for route in ("电代煤", "气代煤", "太阳能供暖"):
        assert page.says("T-13", route, "3")
    assert page.says("T-13", "电代煤", "优先: 空气源热风机")
    assert page.says("T-44", "2021-07-01", "确村确户名单", "逾期")
    assert page.says("T-55", "现场实测室内温度", "18")


@mark.clause("T-05", "农村以平原地区为主", serves="programmes.plan_queries:rollout_order",
             page="programmes:milestone-list", model="programmes.Principle")  # fmt: skip
@mark.clause("T-06", "宜电则电、宜气则气、宜热则热", serves="programmes.queries:target_tables",
             page="programmes:target-edit", model="programmes.Target")  # fmt: skip
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


@mark.clause("J-01", "2020年10月底前，建成区…达到100%", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Indicator")  # fmt: skip
@mark.clause("J-02", "农村地区达到60%以上", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Indicator")  # fmt: skip
@mark.clause("J-03", "共计划完成820户", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.StatedSum")  # fmt: skip
@mark.clause("J-04", "南村镇531、西上庄80、钟家庄185、东街19、南街5", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.StatedSum")  # fmt: skip
@mark.clause("J-05", "集中供热575、煤改电185、工业余热60", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.StatedSum")  # fmt: skip
@mark.clause("J-09", "优先推广热泵等非直热、高效电采暖", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Technology")  # fmt: skip
@mark.clause("J-10", "推广集中式蓄热、热泵…空气源热泵…利用低谷电力", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Technology")  # fmt: skip
@mark.clause("J-14", "生物质集中供暖", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Technology")  # fmt: skip
@mark.clause("J-63", "摸底调研 5月28日—6月10日", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Phase")  # fmt: skip
@mark.clause("J-64", "制定方案、实施 6月11日—10月10日", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Phase")  # fmt: skip
@mark.clause("J-65", "全面完成、综合评估 10月11日—10月31日", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Phase")  # fmt: skip
def test_jincheng(preset: LoadPreset) -> None:
    page = Page(preset("jincheng_2020"))
    assert page.says("J-01", "建成区", "= 100 %", "2020-10-31") and page.says("J-02", "农村地区", ">= 60 %", "以上")
    assert page.says("J-03", "820", "相符")
    for town, number in (
        ("南村镇", "531"),
        ("西上庄街道", "80"),
        ("钟家庄街道", "185"),
        ("东街街道", "19"),
        ("南街街道", "5"),
    ):
        assert page.says("J-04", town, number, "相符")
    for route, number in (("集中供热", "575"), ("煤改电", "185"), ("工业余热", "60")):
        assert page.says("J-05", route, number, "相符")
    electric = ("煤改电", "热泵等非直热、高效电采暖", "非直热", "利用低谷电力", "集中式蓄热", "空气源热泵")
    assert page.says("J-05", *electric)
    assert page.says("J-14", "生物质集中供暖")
    assert page.says("J-63", "2020-05-28 – 2020-06-10") and page.says("J-64", "2020-06-11 – 2020-10-10")
    assert page.says("J-65", "2020-10-11 – 2020-10-31")


@mark.clause("J-07", "西上庄街道（散户）80", serves="programmes.queries:target_tables",
             page="programmes:target-edit", model="programmes.Target")  # fmt: skip
def test_jincheng_scattered_households(preset: LoadPreset) -> None:
    preset("jincheng_2020")
    page = browser(people.user("office", "140502")).get("/programmes/jincheng-2020/targets/").content.decode()
    cell = re.search(r'<input[^>]*value="(\d+)"[^>]*aria-label="散户 集中供热"', page)
    assert cell and cell.group(1) == "80"


@mark.clause("J-13", "燃气壁挂炉能效不得低于2级水平", serves="programmes.plan_queries:threshold",
             page="programmes:programme-detail", model="programmes.Threshold")  # fmt: skip
@mark.clause("J-46", "硫分大于0.5%、灰分大于16%", serves="programmes.plan_queries:threshold",
             page="programmes:programme-detail", model="programmes.Threshold")  # fmt: skip
def test_jincheng_limits(preset: LoadPreset) -> None:
    programme = preset("jincheng_2020")
    for code, passes, fails in (("GAS_BOILER_GRADE", "2", "3"), ("COAL_SULPHUR_PERCENT", "0.5", "0.51"),
                                ("COAL_ASH_PERCENT", "16", "16.01")):  # fmt: skip
        limit = threshold(programme, code)
        assert limit is not None
        assert limit.is_met_by(limit.value.__class__(passes)) and not limit.is_met_by(limit.value.__class__(fails))
    assert Page(programme).says("J-46", "灰分", "<= 16 %")


@mark.clause("L-02", "取暖能效提升面积112.17万平方米", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.StatedSum")  # fmt: skip
@mark.clause("L-03", "城区清洁供暖率达到100%…80.3%以上", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Indicator")  # fmt: skip
@mark.clause("L-04", "141万平方米，占587.77万平方米的23.97%", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Indicator")  # fmt: skip
@mark.clause("L-05", "公共机构167个单位", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Figure")  # fmt: skip
@mark.clause("L-06", "热炕板农户11058户、热风机农户761户，约20%", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Figure")  # fmt: skip
@mark.clause("L-07", "总计新增330.8万平方米", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.StatedSum")  # fmt: skip
@mark.clause("L-08", "1.18万户，118万平方米", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.SubProgramme")  # fmt: skip
@mark.clause("L-09", "1.67万户，167万平方米", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.SubProgramme")  # fmt: skip
@mark.clause("L-10", "深层地源热泵3.8万平方米（农业科技园区）", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.SubProgramme")  # fmt: skip
@mark.clause("L-11", "一级供热管网2*12.29Km；新增200万平方米，其中农村42万",
             serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.StatedSum")  # fmt: skip
@mark.clause("L-12", "能效5个项目 3.6 + 1.5 + 88 + 5.34 + 13.73", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.SubProgramme")  # fmt: skip
@mark.clause("L-13", "农村平房4300户：金积600、古城500、上桥700、东塔寺1000、郭家桥1000、板桥500",
             serves="programmes.loading:store_programme", page="programmes:programme-detail",
             model="programmes.Target")  # fmt: skip
@mark.clause("L-14", "牵头单位/责任单位/配合单位/实施年限", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.SubProgramme")  # fmt: skip
def test_litong_numbers(preset: LoadPreset) -> None:
    page = Page(preset("litong_2021"))
    assert page.says("L-02", "112.17", "万㎡") and page.says("L-07", "330.8", "万㎡")
    assert page.says("L-03", "城区", "= 100 %") and page.says("L-03", "既有建筑", "= 100 %")
    assert page.says("L-03", "农村", ">= 80.3 %", "141 / 587.77 万㎡", "23.97 %")
    for venue, number in (("乡镇政府", "2"), ("村委会", "58"), ("卫生院", "11"), ("村级医疗卫生站", "55"),
                          ("中小学幼儿园", "29"), ("公共机构共计", "167")):  # fmt: skip
        assert page.says("L-05", venue, number)
    assert page.says("L-06", "热炕板农户", "11,058 户") and page.says("L-06", "热风机农户", "761 户")
    assert page.says("L-06", "20 %", "左右")
    assert page.says("L-08", "余热取暖", "11,800", "1.18万户") and page.says("L-08", "余热取暖新增面积", "118", "万㎡")
    assert page.says("L-09", "双替代", "16,700") and page.says("L-09", "双替代新增面积", "167", "万㎡")
    assert page.says("L-10", "科技园区", "2023", "500")
    assert (
        page.says("L-11", "24.58", "2*12.29Km", "km") and page.says("L-11", "200", "万㎡") and page.says("L-11", "42")
    )
    for area in ("3.6", "1.5", "88", "5.34", "13.73"):
        assert page.says("L-12", area, "万㎡", "相符")
    towns = (
        ("金积镇", "600"),
        ("古城镇", "500"),
        ("上桥镇", "700"),
        ("东塔寺乡", "1,000"),
        ("郭家桥乡", "1,000"),
        ("板桥乡", "500"),
    )
    for town, number in towns:
        assert any(town in row and number in row for row in page.rows)
    assert page.says("L-13", "4,300", "相符")
    assert page.says("L-14", "电网基础设施建设", "国网吴忠供电公司利通区分公司", "区发改局", "2021–2023", "13,530")


@mark.clause("L-28", "同一村组区域内选择…1种冬季清洁取暖模式", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Principle")  # fmt: skip
@mark.clause("L-29", "原则每个庄点确定一种安装模式，…可适当调整", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Principle")  # fmt: skip
@mark.clause("L-32", "第一步 3-02..3-15 摸底和入户宣传；第二步 3-16..4-30 示范点数据测试总结",
             serves="programmes.loading:store_programme", page="programmes:programme-detail",
             model="programmes.Phase")  # fmt: skip
@mark.clause("L-33", "第三步 5-01..11-30 全面实施，完成13600户", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Phase")  # fmt: skip
@mark.clause("L-34", "第四步 2023-01-01..11-30 完成11900户", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Phase")  # fmt: skip
@mark.clause("L-35", "组织实施 2022-03-02..2023-12-30；检查验收 每年12-01..12-30",
             serves="programmes.loading:store_programme", page="programmes:programme-detail",
             model="programmes.Phase")  # fmt: skip
@mark.clause("L-47", "低温式空气源热泵热水机", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Technology")  # fmt: skip
@mark.clause("L-50", "太阳能+多种辅助能源", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Technology")  # fmt: skip
@mark.clause("L-51", "电厂余热；生物质集中供暖", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Technology")  # fmt: skip
@mark.clause("L-54", "“清洁能源取暖+光伏”", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Technology")  # fmt: skip
@mark.clause("L-55", "电改优先、气改补充", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Principle")  # fmt: skip
@mark.clause("L-81", "2023年底完成验收", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Deadline")  # fmt: skip
def test_litong_steps_and_technologies(preset: LoadPreset) -> None:
    page = Page(preset("litong_2021"))
    assert page.says("L-28", "一村组一模式", "1种", "原则上，例外须说明理由", "可适当调整")
    assert page.says("L-32", "第一步", "2022-03-02 – 2022-03-15") and page.says(
        "L-32", "第二步", "2022-03-16 – 2022-04-30"
    )
    assert page.says("L-33", "第三步", "2022-05-01 – 2022-11-30", "13600")
    assert page.says("L-34", "第四步", "2023-01-01 – 2023-11-30", "11900")
    assert page.says("L-35", "组织实施", "2022-03-02 – 2023-12-30")
    assert page.says("L-35", "2022-12-01 – 2022-12-30") and page.says("L-35", "2023-12-01 – 2023-12-30")
    assert page.says("L-46", "1台热风机、1台直热式电暖器、1套电热炕") and page.says("L-47", "低温式空气源热泵")
    assert page.says("L-48", "电蓄热", "利用低谷电力")
    assert page.says("L-50", "太阳能集热器", "电热锅炉等辅助热源", "蓄热罐", "连接管路", "散热部件", "控制系统")
    assert page.says("L-51", "电厂余热", "管网供热") and page.says(
        "L-51", "生物质供暖", "环境参数检测上报", "防止燃烧煤"
    )
    for route in ("热泵热风机+电直热", "空气源热泵热水机", "电蓄热", "燃气壁挂炉"):  # the four combinations
        assert any(route in row and "可结合光伏" in row for row in page.rows)
    assert page.says("L-55", "电改优先、气改补充", "原则上，例外须说明理由")
    assert any("电蓄热" in row and " 1 " in row for row in page.rows)
    assert page.says("L-49", "燃气壁挂炉", "2")
    assert page.says("L-81", "2023-12-31", "建筑能效提升")


@mark.clause("L-01", "2.85万户，其中2021年3000、2022年13600、2023年11900",
             serves="programmes.plan_queries:stated_lines",
             page="programmes:programme-detail", model="programmes.StatedSum")  # fmt: skip
def test_litong_years_stay_open_until_the_breakdown_comes(preset: LoadPreset) -> None:
    page = Page(preset("litong_2021"))
    for words in (("28,500", "2.85万户"), ("2021", "3,000"), ("2022", "13,600"), ("2023", "11,900")):
        assert page.says("L-01", *words, "未分解")


@mark.clause("L-31", "准备部署 2022-03-01..04-31", serves="programmes.plan_checks:findings",
             page="programmes:programme-detail", model="programmes.Phase")  # fmt: skip
def test_litong_the_31st_of_april(preset: LoadPreset) -> None:
    preset("litong_2021")
    office = people.user("office", "640302")
    text = browser(office).get("/programmes/litong-2021/").content.decode()
    found = text[text.index('id="findings"') :]
    assert "4月31日" in found and "L-31" in found


@mark.clause("D-01", "集中供热1233.90万㎡，超低排放204.8万㎡，煤改电64991，煤改气19232…农村节能4926户",
             serves="programmes.loading:store_programme", page="programmes:programme-detail",
             model="programmes.StatedSum")  # fmt: skip
@mark.clause("D-02", "629.20万㎡，74653，9152，102.31万㎡，9852户", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.StatedSum")  # fmt: skip
@mark.clause("D-03", "486.23万㎡，74203，9925，102.31万㎡，9852户", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.StatedSum")  # fmt: skip
@mark.clause("D-04", "2021城区100％；2022县城建成区100％；2023底平原农村100％",
             serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Indicator")  # fmt: skip
@mark.clause("D-08", "市区、县城建成区、重点乡镇优先发展集中供热", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Principle")  # fmt: skip
@mark.clause("D-09", "优先水暖、推广地暖", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Technology")  # fmt: skip
@mark.clause("D-11", "效率高、功率低的新型电采暖", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Technology")  # fmt: skip
@mark.clause("D-22", "建筑节能与清洁取暖同步实施", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Principle")  # fmt: skip
@mark.clause("D-51", "培育运营商，PPP、特许经营、政府购买服务", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Principle")  # fmt: skip
@mark.clause("D-52", "天然气管网以及LNG、CNG点对点气化装置", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Technology")  # fmt: skip
@mark.clause("D-53", "城区和县城具备节能改造价值的建筑全部完成改造", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Indicator")  # fmt: skip
def test_datong(preset: LoadPreset) -> None:
    page = Page(preset("datong_2021"))
    said = {
        "D-01": ("1,233.9 万㎡", "204.8 万㎡", "64,991 户", "19,232 户", "51.16 万㎡", "4,926 户"),
        "D-02": ("629.2 万㎡", "74,653 户", "9,152 户", "102.31 万㎡", "9,852 户"),
        "D-03": ("486.23 万㎡", "74,203 户", "9,925 户", "102.31 万㎡", "9,852 户"),
    }
    for clause, numbers in said.items():
        assert all(page.says(clause, number) for number in numbers), clause
    for place, day in (("城区", "2021-12-31"), ("县城建成区", "2022-12-31"), ("平原农村地区", "2023-12-31")):
        assert page.says("D-04", place, "= 100 %", day)
    assert page.says("D-08", "集中供热", "1", "管网供热") and page.says("D-08", "管网优先", "重点乡镇")
    assert page.says("D-09", "煤改电", "优先: 水暖、地暖", "太阳能＋电辅热", "效率高、功率低")
    assert page.says("D-12", "煤改气", "LNG、CNG") and page.says("D-22", "节能同步", "同步实施")
    assert page.says("D-51", "PPP、特许经营和政府购买服务") and page.says("D-53", "具备节能改造价值", "= 100 %")


@mark.clause("D-07", "整村推进，由城区向外辐射", serves="programmes.plan_queries:rollout_order",
             page="programmes:milestone-list", model="programmes.Principle")  # fmt: skip
def test_datong_from_the_city_outward(preset: LoadPreset) -> None:
    order = rollout_order(preset("datong_2021"))
    assert order == ["built_up", "county_seat", "peri_urban", "plain_rural", "remote_rural"]


@mark.clause("D-24", "燃煤锅炉超低排放改造（新荣、左云）", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.SubProgramme")  # fmt: skip
@mark.clause("D-16", "可利用洁净煤＋环保炉具、生物质＋专用炉具", serves="programmes.loading:store_programme",
             page="programmes:programme-detail", model="programmes.Technology")  # fmt: skip
def test_datong_boilers_and_what_heats_meanwhile(preset: LoadPreset) -> None:
    programme = preset("datong_2021")
    page = Page(programme)
    assert page.says("D-24", "推进燃煤锅炉超低排放改造", "新荣区政府、左云县政府")
    assert programme.parts.get(code="boilers").places == ["140212", "140226"]
    assert page.says("D-16", "洁净煤＋环保炉具", "改造前过渡") and page.says(
        "D-16", "生物质成型燃料＋专用炉具", "改造前过渡"
    )


def add_row(programme: Programme, area: str, quantity: int, year: int | None, route: str = "") -> tuple[int, str]:
    """One more row of the breakdown through the page: status of the answer and its text."""
    technology = str(programme.technologies.get(code=route).pk) if route else ""
    sent = {"add_area": area, "add_measure": "CONVERSION", "add_unit": "household", "add_year": str(year or ""),
            "add_technology": technology, "add_quantity": str(quantity)}  # fmt: skip
    answer = browser(people.user("office", programme.area_id)).post(f"/programmes/{programme.code}/targets/", sent)
    return answer.status_code, answer.content.decode()


@mark.clause("D-05", "附件：三年任务分解表", serves="programmes.services:change_targets",
             page="programmes:target-edit", model="programmes.Target")  # fmt: skip
@pytest.mark.parametrize(
    ("route", "year", "asked"), [("ELECTRIC", 2021, 64991), ("ELECTRIC", 2023, 74203), ("GAS", 2022, 9152)]
)
def test_datong_counties_never_add_up_to_more_than_the_citys_number(
    preset: LoadPreset, route: str, year: int, asked: int
) -> None:
    programme = preset("datong_2021")
    assert add_row(programme, "140212", asked - 1, year, route)[0] == 302
    status, text = add_row(programme, "140226", 2, year, route)
    assert status == 422 and str(asked) in text and str(asked + 1) in text
    assert add_row(programme, "140226", 1, year, route)[0] == 302
    assert [int(row.quantity) for row in programme.targets.order_by("area_id")] == [asked - 1, 1]


@mark.clause("L-84", "任务数按照本细则附件1执行；具体见任务分配表", serves="programmes.services:change_targets",
             page="programmes:target-edit", model="programmes.Target")  # fmt: skip
def test_litong_towns_never_add_up_to_more_than_the_years_number(preset: LoadPreset) -> None:
    programme = preset("litong_2021")
    before = programme.targets.count()
    status, text = add_row(programme, "640302102", 13601, 2022)
    assert status == 422 and "13600" in text and "13601" in text
    assert add_row(programme, "640302102", 13600, 2022)[0] == 302
    assert programme.targets.count() == before + 1
