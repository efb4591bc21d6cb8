"""Samples that block, sealed draws, measures with deadlines, scores, duties, networks, homes that are not heated."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts.models import Area
from devices.models import ModelSample
from heatsupply.forms.networks import PriceForm
from retrofits.sampling import digest, draw
from subsidies.models import OperationCheck
from supervision.filters import CaseFilter
from supervision.forms import CompanyForm
from supervision.kinds import CATEGORIES, GROUPS
from supervision.loading import DutiesRefused, load_duties
from supervision.models import Case, ClockRule, DutyTerm, NetworkAlarm, NetworkPoint, NetworkValue, SpotCheck, TownScore
from supervision.queries import open_duties_of
from supervision.scores import Component
from supervision.services import checks, coal, network, samples
from supervision.services.cases import move_case
from supervision.services.duties import mark_duty
from supervision.services.network import Said
from tests import people
from tests.supervision.conftest import COUNTY, DAY, HOUR, NOW, TOWN, VILLAGE, Room, client_of, code_of, task_of

ON = date(2021, 12, 8)


@pytest.mark.clause(
    "J-53", "组织对中标“煤改电”“煤改气”设备和产品进行抽检", serves="supervision.services.samples:record_sample",
    page="supervision:sample-list", model="devices.ModelSample",
)  # fmt: skip
def test_a_failed_sample_blocks_its_model_until_it_is_lifted_with_a_reason(room: Room) -> None:
    form = {"deed": "record", "device_model": room.model.pk, "batch_no": "2021-07", "report_no": "JC-01",
            "laboratory": "示例检测中心", "sampled_on": "2021-12-01", "result": "failed", "findings": ""}  # fmt: skip
    client, act = client_of(room.office), reverse("supervision:sample-act")
    assert client.post(act, form).status_code == 422  # failed without findings
    for day in ("0021-12-01", "20211-12-01"):  # a year typed as 21 into a calendar's field, or with a digit more
        assert client.post(act, form | {"findings": "能效不达标", "sampled_on": day}).status_code == 422
    assert client.post(act, form | {"findings": "能效不达标"}).status_code == 302
    assert client.post(act, form | {"findings": "能效不达标"}).status_code == 409
    sample = ModelSample.objects.get()
    assert sample.blocks
    lift = {"deed": "lift", "sample": sample.pk}
    assert client.post(act, lift | {"words": ""}).status_code == 422
    assert client.post(act, lift | {"words": "复检合格"}).status_code == 302
    sample.refresh_from_db()
    assert (sample.blocks, sample.lifted_reason) == (False, "复检合格")
    assert code_of(samples.lift_block, sample=sample, reason="x", on=ON, by=room.office) == "SAMPLE_STATE"
    assert sample.report_no in client_of(room.firm).get(reverse("supervision:sample-list")).content.decode()
    with pytest.raises(PermissionDenied):
        samples.lift_block(sample=sample, reason="x", on=ON, by=room.clerk)


@pytest.mark.clause(
    "T-74", "督导检查…定期通报…约谈问责", serves="supervision.services.checks:evaluate",
    page="supervision:check-list", model="supervision.SpotCheck",
)  # fmt: skip
@pytest.mark.clause(
    "J-66", "进行抽查，综合评估改造效果，并进行通报", serves="supervision.services.checks:evaluate",
    page="supervision:check-detail", model="supervision.SpotCheck",
)  # fmt: skip
@pytest.mark.clause(
    "D-48", "完成情况进行抽查", serves="supervision.services.checks:draw_check",
    page="supervision:check-detail", model="supervision.SpotCheck",
)  # fmt: skip
@pytest.mark.clause(
    "L-72", "定期监督检查项目进度和建设质量", serves="supervision.services.checks:seal_check",
    page="supervision:check-list", model="supervision.SpotCheck",
)  # fmt: skip
def test_a_check_is_sealed_drawn_looked_at_and_made_known(room: Room) -> None:
    keys = [task_of(room).pk for _n in range(6)]
    task_of(room, state="listed")
    client = client_of(room.office)
    seal = {"name": "年终抽查", "area": COUNTY, "planned_on": "2021-12-20", "size": "2"}
    assert client.post(reverse("supervision:check-seal"), seal | {"size": "7"}).status_code == 422
    assert client.post(reverse("supervision:check-seal"), seal).status_code == 302
    check = SpotCheck.objects.get()
    assert (check.population, check.digest, check.lines.count()) == (6, digest(keys), 0)
    act = reverse("supervision:check-act", args=[check.pk])
    assert client.post(act, {"deed": "draw"}).status_code == 302
    assert list(check.lines.values_list("task_id", flat=True)) == draw(keys, 2, check.seed)
    assert client.post(act, {"deed": "draw"}).status_code == 409
    assert client.post(act, {"deed": "evaluate", "evaluation": "总体良好"}).status_code == 422
    for line, verdict in zip(check.lines.all(), ("good", "faulty"), strict=True):
        look = {"deed": "look", "line": line.pk, "verdict": verdict, "words": "室外机未固定"}
        assert client.post(act, look).status_code == 302
    assert client.post(act, {"deed": "evaluate", "evaluation": "总体良好"}).status_code == 302
    check.refresh_from_db()
    assert check.circular
    assert (check.state, check.circular.kind, check.circular.category) == ("evaluated", "circular", "poor_works")


def test_a_sealed_draw_is_refused_when_the_population_has_changed(room: Room) -> None:
    task_of(room)
    values = {"programme": room.programme, "area": room.area(COUNTY), "name": "抽查", "planned_on": ON, "size": 1}
    check = checks.seal_check(**values, by=room.office, now=NOW)
    task_of(room)
    assert code_of(checks.draw_check, check=check, by=room.office, now=NOW + HOUR) == "POPULATION_CHANGED"
    assert not check.lines.exists()
    with pytest.raises(PermissionDenied):
        checks.seal_check(**values, by=room.clerk, now=NOW)


@pytest.mark.clause(
    "T-70", "对推进不力…重点督办并督促限期整改", serves="supervision.services.cases:open_case",
    page="supervision:measure-list", model="supervision.Case",
)  # fmt: skip
@pytest.mark.clause(
    "L-73", "未能按期完成…通报批评，并作书面说明", serves="supervision.services.cases:move_case",
    page="supervision:case-detail", model="supervision.Case",
)  # fmt: skip
@pytest.mark.parametrize("kind", ["order", "explanation"])
def test_the_office_orders_the_town_answers_and_the_office_accepts(room: Room, kind: str) -> None:
    new = reverse("supervision:case-new", args=["measures"])
    form = {"kind": kind, "category": "late_works", "source": "office", "area": TOWN, "title": "进度滞后督办",
            "words": "限期完成", "responsible": "甲镇", "due_on": "2021-12-20"}  # fmt: skip
    assert client_of(room.clerk).post(new, form).status_code == 403
    assert client_of(room.office).post(new, form).status_code == 302
    case = Case.objects.get()
    assert case.due_at
    assert case.due_at.astimezone(UTC) == datetime(2021, 12, 20, 15, 59, tzinfo=UTC)
    with pytest.raises(PermissionDenied):
        move_case(case=case, deed="answer", words="已整改", by=room.other_clerk, now=NOW)
    assert code_of(move_case, case=case, deed="close", by=room.office, now=NOW) == "CASE_STATE"
    move_case(case=case, deed="answer", words="原因与措施说明", by=room.clerk, now=NOW)
    move_case(case=case, deed="reopen", words="措施不具体", by=room.office, now=NOW)
    move_case(case=case, deed="answer", words="补充说明", by=room.clerk, now=NOW + DAY)
    with pytest.raises(PermissionDenied):
        move_case(case=case, deed="close", by=room.clerk, now=NOW + DAY)
    closed = move_case(case=case, deed="close", by=room.office, now=NOW + DAY)
    assert (closed.state, closed.reply) == ("closed", "补充说明")


@pytest.mark.clause(
    "T-79", "网上舆情应对", serves="supervision.services.cases:open_case",
    page="supervision:measure-list", model="supervision.Case",
)  # fmt: skip
@pytest.mark.clause(
    "J-78", "密切关注清洁取暖工作舆情", serves="supervision.services.cases:open_case",
    page="supervision:measure-list", model="supervision.Case",
)  # fmt: skip
@pytest.mark.clause(
    "D-49", "不能按照要求完成…严肃问责", serves="supervision.services.cases:open_case",
    page="supervision:measure-list", model="supervision.Case",
)  # fmt: skip
@pytest.mark.parametrize(
    ("kind", "category"), [("opinion", "media"), ("interview", "late_works"), ("falsification", "false_records")]
)
def test_opinion_interviews_and_falsifications_are_logged_and_settled(room: Room, kind: str, category: str) -> None:
    case = room.case(kind, category, source="office")
    assert case.number in client_of(room.office).get(reverse("supervision:measure-list")).content.decode()
    assert code_of(move_case, case=case, deed="close", words="", by=room.office, now=NOW) == "WORDS_MISSING"
    assert move_case(case=case, deed="close", words="已处置", by=room.office, now=NOW).state == "closed"


@pytest.mark.clause(
    "D-36", "交警支队：查处燃煤货运车", serves="supervision.services.cases:open_case",
    page="supervision:coal-list", model="supervision.Case",
)  # fmt: skip
@pytest.mark.clause(
    "L-79", "防治散煤取暖“死灰复燃”", serves="supervision.services.cases:open_case",
    page="supervision:coal-list", model="supervision.Case",
)  # fmt: skip
@pytest.mark.clause(
    "J-76", "防止散煤“复燃”", serves="supervision.services.cases:move_case",
    page="supervision:coal-list", model="supervision.Case",
)  # fmt: skip
def test_patrols_find_coal_again_visit_and_settle_it(room: Room) -> None:
    home = people.dwelling(VILLAGE)
    new = reverse("supervision:case-new", args=["coal"])
    form = {"kind": "relapse", "category": "coal_burnt", "source": "patrol", "area": VILLAGE, "title": "燃烧散煤",
            "dwelling_no": home.dwelling_no}  # fmt: skip
    client = client_of(room.officer)
    assert client.post(new, form | {"dwelling_no": ""}).status_code == 422
    assert client.post(new, form).status_code == 302
    assert client.post(new, form).status_code == 422  # one open case per home
    case = Case.objects.get()
    confirmed = move_case(case=case, deed="confirm", words="现场有散煤", by=room.clerk, now=NOW)
    assert confirmed.state == "confirmed"
    assert move_case(case=case, deed="close", words="清缴并恢复运行", by=room.clerk, now=NOW).state == "closed"
    assert client.post(new, form).status_code == 302
    truck = room.case("enforcement", "coal_truck", source="office")
    assert move_case(case=truck, deed="clear", words="手续齐全", by=room.office, now=NOW).state == "cleared"


@pytest.mark.clause(
    "J-77", "群众不愿用、舍不得用", serves="supervision.services.coal:list_non_use",
    page="supervision:coal-list", model="supervision.Case",
)  # fmt: skip
def test_homes_that_did_not_run_or_hardly_used_anything_are_listed_once_and_the_unknown_are_not(room: Room) -> None:
    def checked(verdict: str, claimed: str | None, hours: str | None = None) -> int:
        home = people.dwelling(VILLAGE)
        OperationCheck.objects.create(
            programme=room.programme, dwelling=home, area_id=VILLAGE, season="2021-2022", carrier="electricity",
            claimed=None if claimed is None else Decimal(claimed), verdict=verdict, checked_at=NOW,
            hours_on=None if hours is None else Decimal(hours), hours_known=900,
        )  # fmt: skip
        return home.pk

    idle, low = checked("idle", None, "0"), checked("agree", "99.9", "40")
    checked("agree", "100", "45"), checked("no_data", None)
    client, act = client_of(room.office), reverse("supervision:register-act")
    assert client.post(act, {"deed": "non_use", "season": "2021-2022"}).status_code == 302
    found = {case.dwelling_id: (case.category, case.source) for case in Case.objects.all()}
    assert found == {idle: ("not_running", "telemetry"), low: ("low_use", "consumption")}
    again = coal.list_non_use(
        programme=room.programme, area=room.area(COUNTY), season="2021-2022", by=room.office, now=NOW
    )
    assert (again.not_running, again.low_use, again.known) == (0, 0, 2)
    assert Case.objects.count() == 2


@pytest.mark.clause(
    "J-73", "纳入年度目标责任考核", serves="supervision.services.checks:score_town",
    page="supervision:score-list", model="supervision.TownScore",
)  # fmt: skip
@pytest.mark.clause(
    "L-74", "纳入年度效能目标考核", serves="supervision.services.checks:score_town",
    page="supervision:score-list", model="supervision.TownScore",
)  # fmt: skip
@pytest.mark.clause(
    "T-78", "纳入…综合绩效考核", serves="supervision.services.checks:score_town",
    page="supervision:score-list", model="supervision.TownScore",
)  # fmt: skip
def test_a_towns_year_is_scored_from_components_that_add_up(room: Room) -> None:
    assert sum(one.most_tenths for one in Component) == 1000
    form = {"area": TOWN, "year": "2021", "words": "", "progress": "38.5", "quality": "20", "safety": "15",
            "complaints": "9", "records": "10"}  # fmt: skip
    client, act = client_of(room.office), reverse("supervision:score-act")
    assert client.post(act, form | {"safety": "20.1"}).status_code == 422
    assert client.post(act, form).status_code == 302
    assert client.post(act, form | {"safety": "20"}).status_code == 302
    assert TownScore.objects.get().total_tenths == 975
    assert "97.5" in client.get(reverse("supervision:score-list")).content.decode()


DUTIES = """
duties:
  - clause: T-92
    unit: 各街道镇
    words: 责任主体
    roles: [town_staff]
    due_on: 2021-12-01
    page: "supervision:safety-year"
  - {clause: T-87, unit: 区应急管理局, words: 指导应急预案}
clocks:
  - {kind: hazard, category: co, close_hours: 6, clause: T-63}
"""


@pytest.mark.clause(
    "T-92", "各街道镇：责任主体", serves="supervision.loading:load_duties",
    page="supervision:duty-board", model="supervision.DutyTerm",
)  # fmt: skip
def test_duties_come_from_the_file_stand_on_the_bodys_page_and_keep_their_marks(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "duties.yaml"
    path.write_text(DUTIES, encoding="utf-8")
    load_duties(path=path, programme=room.programme, by="tests")
    client = client_of(room.clerk)
    rows = client.get(reverse("supervision:duty-board")).context["rows"]
    assert [(row.unit, row.mine, row.late) for row in rows] == [
        ("各街道镇", True, True),
        ("区应急管理局", False, False),
    ]
    duty = open_duties_of(room.clerk, room.programme, TOWN).get()
    act = reverse("supervision:duty-act", args=[duty.pk])
    assert client.post(act, {"words": ""}).status_code == 422
    assert client.post(act, {"words": "方案已印发"}).status_code == 302
    load_duties(path=path, programme=room.programme, by="tests")
    duty.refresh_from_db()
    assert duty.done_words == "方案已印发"
    assert client.post(act, {"words": "另一页"}).status_code == 409  # a second page, open since before
    assert client.post(act, {"words": "写错了", "deed": "reopen"}).status_code == 302
    assert client.post(act, {"words": "又一次", "deed": "reopen"}).status_code == 409
    assert client.post(act, {"words": "方案已印发"}).status_code == 302
    assert not open_duties_of(room.clerk, room.programme, TOWN).exists()
    other = DutyTerm.objects.get(unit="区应急管理局")
    with pytest.raises(PermissionDenied):
        mark_duty(duty=other, words="x", on=ON, by=room.clerk)
    assert ClockRule.objects.get().close_hours == 6
    assert room.case().due_at == NOW + 6 * HOUR


def test_a_file_of_duties_is_told_everything_wrong_with_it_at_once(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "duties.yaml"
    path.write_text("duties:\n  - {clause: T-1, unit: 甲, words: 乙, roles: [king], page: nowhere}\n"
        "  - {unit: 丙, colour: red}\n"
                    "clocks:\n  - {kind: hazard, category: media, close_hours: 0}\n", encoding="utf-8")  # fmt: skip
    with pytest.raises(DutiesRefused) as refused:
        load_duties(path=path, programme=room.programme, by="tests")
    assert len(refused.value.problems) == 7
    assert not DutyTerm.objects.exists()


def test_network_values_open_and_clear_alarms_at_the_limits_and_late_news_change_nothing(room: Room) -> None:
    client, act = client_of(room.office), reverse("supervision:register-act")
    point = {"deed": "point", "area": TOWN, "code": "P-01", "name": "一号换热站", "kind": "pressure", "unit": "MPa",
             "low": "0.2", "high": "0.6"}  # fmt: skip
    assert client.post(act, point | {"low": "0.7"}).status_code == 422
    assert client.post(act, point).status_code == 302
    told = "P-01, 2021-12-08 08:00, 0.6\nP-01\t2021-12-08 09:00\t0.61\nP-01；2021-12-08 10:00；x"
    refused = client.post(act, {"deed": "values", "values": told})
    assert refused.status_code == 422
    assert "第 3 行" in refused.content.decode()
    assert not NetworkValue.objects.exists()
    assert client.post(act, {"deed": "values", "values": "\n".join(told.splitlines()[:2])}).status_code == 302
    alarm = NetworkAlarm.objects.get()
    assert (alarm.value, alarm.cleared_at) == (Decimal("0.61"), None)
    at = datetime(2021, 12, 8, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
    news = ((at, "0.9"), (at - 3 * HOUR, "0.1"), (at + HOUR, "0.2"))
    said = [Said("P-01", moment, Decimal(value)) for moment, value in news]
    network.take_values(said=said, by=room.office, now=at + DAY)
    alarm.refresh_from_db()
    assert (alarm.worst, alarm.cleared_at, NetworkAlarm.objects.count()) == (Decimal("0.9"), at + HOUR, 1)
    assert NetworkPoint.objects.get().last_value == Decimal("0.2")
    future: dict[str, Any] = {"by": room.office, "now": at}
    assert code_of(network.take_values, said=[Said("P-01", at + DAY, Decimal(1))], **future) == "VALUES_FAULTY"
    assert code_of(network.take_values, said=[Said("P-99", at, Decimal(1))], **future) == "VALUES_FAULTY"
    stranger = {"by": room.other_clerk, "now": at + DAY}
    assert code_of(network.take_values, said=[Said("P-01", at, Decimal(1))], **stranger) == "VALUES_FAULTY"
    handled = {"deed": "alarm", "alarm": alarm.pk, "words": "已派人"}
    assert client.post(act, handled).status_code == 302
    assert "已派人" in client.get(reverse("supervision:network-board")).content.decode()
    network.handle_alarm(alarm=alarm, words="已关阀", by=room.clerk, now=at + DAY)
    alarm.refresh_from_db()
    assert (alarm.done_words, alarm.seen_by) == ("已关阀", room.clerk), "words stand under the name of who said them"


@pytest.mark.parametrize("name", ["coal-list", "measure-list", "hazard-list", "complaint-list", "ticket-list"])
def test_a_list_is_narrowed_by_state_lateness_and_words(room: Room, name: str) -> None:
    case = room.case(by=room.office)
    asked = {"state": "unfinished", "late": "true", "q": case.number}
    table = client_of(room.office).get(reverse(f"supervision:{name}"), asked).context["table"]
    assert [row.item for row in table.rows] == ([case] if name == "hazard-list" else [])


def test_a_list_offers_kinds_and_categories_of_its_own_only(room: Room) -> None:
    """The list of hazards offered those of complaints, orders and coal; choosing one of them left nothing."""
    assert CaseFilter.base_filters["kind"].field, "who asks for all kinds before spoils nothing: the answer is kept"
    for name, group in (("hazard-list", "hazards"), ("measure-list", "measures")):
        shown = client_of(room.office).get(reverse(f"supervision:{name}")).context["table"].form
        kinds = [code for code, _label in shown.fields["kind"].choices if code]
        assert kinds == list(GROUPS[group].kinds)
        wanted = {code for kind in kinds for code in CATEGORIES[kind]}
        assert {code for code, _label in shown.fields["category"].choices if code} == wanted


def test_a_company_s_telephone_is_no_mobile_and_a_price_says_since_when_it_is_valid() -> None:
    assert str(CompanyForm().fields["phone"].label) == "服务电话"
    assert str(PriceForm().fields["valid_from"].label) == "有效期自"


def test_places_without_a_programme_show_empty_boards(db: None) -> None:
    people.area(COUNTY)
    client = client_of(people.user("office", COUNTY))
    for name in ("duty-board", "safety-year", "network-board", "service-board", "check-list", "score-list"):
        assert client.get(reverse(f"supervision:{name}")).status_code == 200
    assert Area.objects.count() == 3
