"""Every fact the grammar knows: held by a register, stated with a paper, or refused by name."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import uuid4

import pytest

from core.refusals import Refused
from core.seasons import Season
from devices.models import Bus, DeviceModel, Heater, RegisterProfile, Supplier
from households.models import Dwelling, Household, MeterReading, Roster, RosterRow
from programmes.models import Checklist, Programme
from retrofits.models import Acceptance, Admission, Installation, InstalledDevice, Product, Task
from subsidies.fact_coding import decode_facts, encode_facts
from subsidies.fact_sources import SOURCES, STATABLE
from subsidies.facts import Facts, facts_for, with_related
from subsidies.models import Entitlement, StatedFact
from subsidies.rules.codes import FACTS, USAGE_FACTS
from subsidies.services import bank, entitlements, stated
from tests import people
from tests.subsidies.conftest import ACCEPTED, MORNING, POLICY, VILLAGE, Money, release
from tests.subsidies.test_bank import answer, read
from tests.subsidies.test_pages import Sign, enter

__all__ = ["enter"]
pytestmark = pytest.mark.django_db
WINTER = Season(dt.date(2021, 11, 1), dt.date(2022, 3, 31))
PAID_AT, PAID_ON = dt.datetime(2022, 1, 9, 18, 30, tzinfo=dt.UTC), dt.date(2022, 1, 10)
SUMMER = dt.date(2022, 6, 1)
KEYS = sorted({*FACTS, *USAGE_FACTS, "tariff", "paid_on", "decision"})
TYPED = {"number": "12.5", "usage": "900", "money": "120.50", "decision": "5000", "flag": "是", "code": "air_heater",
         "evidence": "专户托管", "year": "2019年"}  # fmt: skip


def facts_of(task: Task, season: Season | None = None) -> Facts:
    rows = list(with_related(Acceptance.objects.filter(task=task)))
    return facts_for(rows, on=SUMMER, season=season)[0][1]


def known(facts: Facts, name: str) -> bool:
    """Whether a rule that asks for the fact gets a value."""
    if name in ("eligible_cost", "total_cost"):
        return facts.costs is not None
    if name in USAGE_FACTS:
        return any(one.energy == name for one in facts.usage)
    if name == "tariff":
        return any(one.tariff == "OFF_PEAK" for one in facts.usage)
    if name == "paid_on":
        return bool(facts.payments) and all(one.paid_on for one in facts.payments)
    if name == "season_number":
        return facts.season_year is not None and facts.accepted_on is not None
    plain = {"enterprise_share": facts.enterprise_share_fen, "season_fee": facts.season_fee_fen}
    value = plain.get(name, facts.quantities.get(name, getattr(facts, name, None)))
    return value not in (None, "", 0, False, frozenset())


def everything_registered(money: Money) -> Task:
    """A dwelling of which every register says something, and whose first benefit was paid."""
    batch = money.sent(1)
    bank.reconcile(bank_return=read(money, batch, answer(batch)), by=money.maker, now=PAID_AT)
    task = Task.objects.get()
    home = task.dwelling
    home.area.area_class = "plain_rural"
    home.area.save()
    Household.objects.filter(pk=home.household_id).update(residents=4, beneficiary_classes=["LOW_INCOME"])
    Dwelling.objects.filter(pk=home.pk).update(heated_area_m2=90, exclusion_note="2019年列入规划")
    record = Installation.objects.get(task=task)
    record.device_model = DeviceModel.objects.create(supplier=money.supplier, name="热风机", model_no="R1", kind="ashp")
    record.save()
    Programme.objects.filter(pk=money.programme.pk).update(settings={"device_classes": {"ashp": "AIR_HEATER"}})
    Product.objects.create(device_model=record.device_model, thermal_power_kw="7.5")
    InstalledDevice.objects.create(
        installation=record, kind="kang", model_no="K1", factory_code="K-1", recorded_by=money.clerk
    )
    old_heater(money, home, record.device_model)
    for carrier, tariff in (("electricity", "OFF_PEAK"), ("electricity", ""), ("gas", "")):
        MeterReading.objects.create(
            dwelling=home, area_id=home.area_id, carrier=carrier, starts_on="2021-11-01", ends_on="2022-03-31",
            quantity="2000", tariff=tariff,
        )  # fmt: skip
    return task


def old_heater(money: Money, home: Dwelling, model: DeviceModel) -> None:
    """One that was taken down the day before it would have been eleven."""
    profile = RegisterProfile.objects.create(name="old", version=1, document="{}", sha256="0" * 64)
    bus = Bus.objects.create(line="tcp:192.0.2.9:502", area_id=home.area_id)
    Heater.objects.create(
        platform_no="H00000000001", area_id=home.area_id, dwelling=home, device_model=model, profile=profile,
        factory_no="OLD-1", bus=bus, unit=1, installed_on=dt.date(2010, 11, 5), removed_on=dt.date(2021, 11, 4),
        poll_enabled=False,
    )  # fmt: skip


def test_every_fact_of_the_grammar_has_a_source_that_gives_it_or_a_refusal_with_its_words(money: Money) -> None:
    assert set(SOURCES) == set(KEYS)
    task = everything_registered(money)
    season, once = facts_of(task, WINTER), facts_of(task)
    of_registers = [name for name in KEYS if SOURCES[name].register]
    assert [name for name in of_registers if not known(season, name) and not known(once, name)] == []
    due = Entitlement.objects.get(benefit_kind="CONVERSION")
    for name in STATABLE:
        StatedFact.objects.create(
            programme=money.programme, area_id=due.area_id, dwelling=due.dwelling, name=name, document_no="示例证明1号",
            season_year=2021 if SOURCES[name].seasonal else None, stated_by=money.maker, stated_at=MORNING,
            value=stated.read_value(name, TYPED[SOURCES[name].stated or ""]), stated_person_no=money.maker.person_no,
        )  # fmt: skip
    filled = facts_of(task, WINTER)
    assert [name for name in STATABLE if not known(filled, name)] == []
    assert [name for name in KEYS if not (SOURCES[name].register or SOURCES[name].stated)] == ["venue_type"]
    assert SOURCES["venue_type"].refused
    assert decode_facts(encode_facts(filled)) == filled


def test_registers_say_what_they_hold_and_a_statement_does_not_overrule_them(money: Money) -> None:
    task = everything_registered(money)
    facts = facts_of(task, WINTER)
    wanted = {
        "heated_area_m2": 88, "declared_area_m2": 90, "power_kw": Decimal("7.5"), "person_count": 4,
        "household_count": 1, "device_count": 2, "device_age_years": 10, "demolition_year": 2019,
    }  # fmt: skip
    assert dict(facts.quantities) == wanted
    assert (facts.device_class, facts.zone, facts.classes) == ("AIR_HEATER", "RURAL", {"LOW_INCOME"})
    assert [one.paid_on for one in facts.payments] == [PAID_ON]
    StatedFact.objects.create(
        programme=money.programme, area_id=task.area_id, dwelling=task.dwelling, name="person_count", value="9",
        document_no="示例证明2号", stated_by=money.maker, stated_person_no="p", stated_at=MORNING,
    )  # fmt: skip
    assert facts_of(task).quantities["person_count"] == 4


OFF_PEAK = POLICY.replace("electricity_kwh, rate: 0.20", "electricity_kwh, tariff: OFF_PEAK, rate: 0.20")


def test_off_peak_kilowatt_hours_are_paid_from_the_readings_of_that_tariff(money: Money) -> None:
    release(money.programme, OFF_PEAK)
    split, total = money.accepted().dwelling, money.accepted().dwelling
    for tariff, kwh in (("", "2000"), ("OFF_PEAK", "1200"), ("PEAK", "800")):
        MeterReading.objects.create(
            dwelling=split, area_id=VILLAGE, carrier="electricity", starts_on="2021-11-01", ends_on="2022-03-31",
            quantity=kwh, tariff=tariff,
        )  # fmt: skip
    money.reading(total, "2000")
    money.assess(on=dt.date(2022, 4, 5))
    found = {one.dwelling_id: one for one in Entitlement.objects.filter(benefit_kind="RUNNING")}
    assert found[split.pk].amount_fen == 24_000
    assert (found[total.pk].outcome, found[total.pk].reason_params) == ("undefined", {"fact": "tariff"})


BY_ROOMS = POLICY.replace(
    "min: {cap: {of: {cost: eligible}, at: {fixed: 6000}}}", "min: {per_unit: {quantity: room_count, rate: 500}}"
).replace("2024-12-31", "2044-12-31")


def test_a_missing_fact_is_stated_on_the_amounts_page_and_the_amount_computed_again(money: Money, enter: Sign) -> None:
    release(money.programme, BY_ROOMS)
    money.accepted()
    money.assess()
    one = Entitlement.objects.get(benefit_kind="CONVERSION")
    assert (one.outcome, one.reason_params) == ("undefined", {"fact": "room_count"})
    client = enter(money.maker)
    page = client.get(f"/pay/entitlements/{one.pk}/").content.decode()
    assert "没有登记簿记录此项，请在此填写" in page and 'value="room_count" selected' in page
    url = f"/pay/entitlements/{one.pk}/again/"
    form = {"reason": "补充房间数", "fact": "room_count", "value": "viele", "document_no": "入户核查表3号"}
    refused = client.post(url, form)
    assert refused.status_code == 422 and "viele" in refused.content.decode() and not StatedFact.objects.exists()
    assert client.post(url, {**form, "value": "4", "document_no": ""}).status_code == 422
    assert client.post(url, {**form, "value": "4"}).status_code == 302
    new = Entitlement.objects.exclude(state="void").get(benefit_kind="CONVERSION")
    assert new.amount_fen == 200_000
    kept = StatedFact.objects.get()
    assert (kept.value, kept.document_no, kept.stated_by) == ("4", "入户核查表3号", money.maker)
    assert "入户核查表3号" in client.get(f"/pay/entitlements/{new.pk}/").content.decode()


def test_what_a_register_holds_or_no_rule_asks_for_is_not_stated(money: Money) -> None:
    release(money.programme, BY_ROOMS.replace("room_count", "person_count"))
    home = money.accepted().dwelling
    Household.objects.filter(pk=home.household_id).update(residents=4)
    money.assess()
    one = Entitlement.objects.get(benefit_kind="CONVERSION")
    common = {"entitlement": one, "text": "5", "document_no": "1号", "by": money.maker}
    with pytest.raises(Refused, match="IN_REGISTER"):
        stated.state_fact(name="person_count", **common)
    with pytest.raises(Refused, match="FACT_UNKNOWN"):
        stated.state_fact(name="room_count", **common)


FUEL = POLICY.replace("{cap: {of: {per_unit: {quantity: electricity_kwh, rate: 0.20}}, at: {fixed: 600}, per: season}}",
                      "{per_unit: {quantity: fuel_t, rate: 300}}")  # fmt: skip


def test_a_season_that_no_meter_counts_is_asked_about_and_paid_by_the_tonne(money: Money) -> None:
    release(money.programme, FUEL)
    money.accepted()
    money.assess(on=dt.date(2022, 4, 5))
    one = Entitlement.objects.get(benefit_kind="RUNNING")
    assert (one.period, one.outcome, one.reason_params) == ("2021-2022", "undefined", {"fact": "fuel_t"})
    stated.state_fact(entitlement=one, name="fuel_t", text="1.5", document_no="配送单7号", by=money.maker)
    again = entitlements.reassess_entitlement(
        entitlement=one, reason="配送单已到", by=money.maker, on=dt.date(2022, 4, 6)
    )
    assert (again.amount_fen, StatedFact.objects.get().season_year) == (45_000, 2021)


SCOPE = "    cost_scope: [DEVICE, INSTALLATION]\n"
AGAIN = POLICY.replace(SCOPE, f"{SCOPE}    again_after_years: 10\n").replace("2024-12-31", "2044-12-31")


def second_task(money: Money, home: Dwelling, on: dt.date) -> Task:
    """The dwelling is converted once more, years later, in another programme of the same money."""
    later = people.programme(notice_days=1)
    route = people.technology(later)
    checklist = Checklist.objects.create(programme=later, kind="acceptance", items=[])
    release(later, AGAIN)
    roster = Roster.objects.create(programme=later, area=home.area, state="approved", prepared_by=money.clerk)
    row = RosterRow.objects.create(roster=roster, dwelling=home, technology=route)
    task = Task.objects.create(
        programme=later, area=home.area, dwelling=home, technology=route, roster_row=row, state="accepted"
    )
    money._installed(task, (("DEVICE", 800_000),))
    Acceptance.objects.create(
        task=task, area=home.area, request_id=uuid4(), inspector=money.inspector, answers={}, result="passed",
        checklist=checklist, accepted_on=on,
    )  # fmt: skip
    return task


@pytest.mark.parametrize(("years", "reason"), [(9, "TOO_SOON"), (10, "OK_CAPPED")])
def test_a_renewal_is_computed_for_the_second_task_of_a_dwelling(money: Money, years: int, reason: str) -> None:
    batch = money.sent(1)
    bank.reconcile(
        bank_return=read(money, batch, answer(batch)), by=money.maker, now=dt.datetime(2022, 1, 10, 4, tzinfo=dt.UTC)
    )
    later = dt.date(2022 + years, 1, 10)
    task = second_task(money, Dwelling.objects.get(), later)
    entitlements.assess_pending(programme=task.programme, on=later, by="test", now=MORNING)
    one = Entitlement.objects.get(task=task, benefit_kind="CONVERSION")
    assert (one.period, one.reason) == ("once/2", reason)
    assert entitlements.assess_pending(programme=task.programme, on=later, by="test").total == 0


def test_who_paid_for_a_demonstration_or_was_not_admitted_follows_from_the_register_of_firms(money: Money) -> None:
    task = money.accepted()
    common = {"programme": money.programme, "area_id": "370999", "entered_by": money.office, "applied_on": ACCEPTED}
    assert facts_of(task).installer_admitted
    other = Supplier.objects.create(code="andere", name="临示电器（虚构）")
    Admission.objects.create(supplier=other, state="admitted", admitted_on=ACCEPTED, **common)
    assert not facts_of(task).installer_admitted
    Admission.objects.create(supplier=money.supplier, state="admitted", admitted_on=ACCEPTED, is_pilot=True, **common)
    facts = facts_of(task)
    assert facts.installer_admitted and facts.exclusions == {"ENTERPRISE_PAID"}
