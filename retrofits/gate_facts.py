"""The facts the gates look at, gathered in one place: six questions to the database, however many tasks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, Model, OuterRef
from django.db.models.functions import JSONObject

from accounts.models import Area
from core.areas import ancestors
from core.seasons import SeasonRule
from devices.models import DeviceModel, Supplier
from households.models import Roster
from programmes.models import Programme, Technology, Threshold
from retrofits.gates import facts as gate
from retrofits.gates.judging import Rule, Verdict, judge
from retrofits.models import (
    Admission,
    Bid,
    Bundle,
    BundlePart,
    Confirmation,
    Contract,
    GateReason,
    GateRule,
    InstalledDevice,
    Qualification,
    SupplyStep,
    Task,
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Chosen:
    """What somebody is about to install; without it the contract's firm and product are looked at."""

    supplier: Supplier | None = None
    device_model: DeviceModel | None = None


class GateBook:
    """The gates of one programme. Made for one deed or page, or kept through a bulk of tasks that nobody else
    changes meanwhile: what it has read it does not read again."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self._tasks: dict[int, Row] = {}
        self._firms: dict[int, gate.Firm] = {}
        self._devices: dict[int, gate.Device] = {}
        self._areas: dict[str, Row] = {}
        self._neighbours: dict[str, dict[str, int]] = {}

    def read(self, tasks: Iterable[Task]) -> None:
        """Read what is needed of these tasks at once."""
        wanted = [task for task in tasks if task.pk not in self._tasks]
        if not wanted or not self.rules:
            return
        self._tasks |= {row["pk"]: row for row in _task_rows([task.pk for task in wanted])}
        self._read_areas({task.area_id for task in wanted})

    def verdicts(self, task: Task, stages: Collection[str], *, on: date, chosen: Chosen | None = None) -> list[Verdict]:
        """How every gate of these stages stands for the task on the day."""
        if not self.rules:
            return []
        self.read([task])
        row = self._tasks[task.pk]
        reasons = {one["gate"]: one["reason"] for one in row["reason_rows"]}
        return judge(self._facts(task, row, on, chosen or Chosen()), self.rules, stages, reasons)

    # --- of the programme ---------------------------------------------------------------------------------------

    @cached_property
    def _programme(self) -> Row:
        outer = {"programme": OuterRef("pk")}
        rows = Programme.objects.filter(pk=self.programme.pk).values(
            rules=_rows(GateRule, outer, "gate", "mode", "families", "clause", order="id"),
            limits=_rows(Threshold, outer, "code", "operator", "value", "unit"),
            steps=_rows(SupplyStep, outer, "area_id", "step", "done_on", "valid_until"),
            electric=Exists(Technology.objects.filter(**outer, family="ELECTRIC")),
        )
        return rows.get()

    @cached_property
    def rules(self) -> list[Rule]:
        rows = self._programme["rules"]
        return [Rule(one["gate"], one["mode"] == "hard", one["clause"], frozenset(one["families"])) for one in rows]

    @cached_property
    def limits(self) -> dict[str, gate.Limit]:
        rows = self._programme["limits"]
        return {one["code"]: gate.Limit(one["operator"], Decimal(str(one["value"])), one["unit"]) for one in rows}

    @cached_property
    def _steps(self) -> dict[str, dict[str, gate.Step]]:
        found: dict[str, dict[str, gate.Step]] = {}
        for one in self._programme["steps"]:
            step = gate.Step(_day(one["done_on"]), _maybe(one["valid_until"]))
            found.setdefault(one["area_id"], {})[one["step"]] = step
        return found

    @cached_property
    def _season_rule(self) -> SeasonRule:
        return SeasonRule.parse(self.programme.season_start, self.programme.season_end)

    # --- of places ----------------------------------------------------------------------------------------------

    def _read_areas(self, codes: set[str]) -> None:
        wanted = {one for code in codes for one in (code, *ancestors(code))} - set(self._areas)
        if wanted:
            fields = ("code", "in_heat_network", "grid_capacity_ok")
            self._areas |= {row["code"]: row for row in Area.objects.filter(code__in=wanted).values(*fields)}
        fresh = codes - set(self._neighbours)
        if fresh and any(rule.gate == "ONE_TECHNOLOGY" for rule in self.rules):
            self._neighbours |= {code: {} for code in fresh} | _routes_of(self.programme, fresh)

    def _place(self, code: str) -> gate.Place:
        """What is known of a place: its own word, otherwise that of the nearest place above it."""
        path = [code, *sorted(ancestors(code), key=len, reverse=True)]
        steps: dict[str, gate.Step] = {}
        for one in reversed(path):
            steps |= self._steps.get(one, {})
        return gate.Place(self._known(path, "in_heat_network"), self._known(path, "grid_capacity_ok"), steps)

    def _known(self, path: list[str], name: str) -> bool | None:
        values = (self._areas[code][name] for code in path if code in self._areas)
        return next((value for value in values if value is not None), None)

    # --- of firms and products ------------------------------------------------------------------------------------

    def _firm(self, key: int | None) -> gate.Firm | None:
        if key is None:
            return None
        if key not in self._firms:
            self._firms[key] = _firm_of(key, self.programme)
        return self._firms[key]

    def _device(self, key: int | None) -> gate.Device | None:
        if key is None:
            return None
        if key not in self._devices:
            model = DeviceModel.objects.select_related("product").get(pk=key)
            self._devices[key] = device_facts(model)
        return self._devices[key]

    # --- together -----------------------------------------------------------------------------------------------

    def _facts(self, task: Task, row: Row, on: date, chosen: Chosen) -> gate.Facts:
        held = row["contract_rows"][0] if row["contract_rows"] else {}
        contract = self._contract(held)
        installed_on = row["installed_on"]
        return gate.Facts(
            on=on,
            family=row["family"],
            technology=row["route"],
            is_on_approved_roster=row["roster_state"] == Roster.State.APPROVED and not row["exclusion"],
            place=self._place(task.area_id),
            firm=self._firm(chosen.supplier.pk if chosen.supplier else row["supplier_pk"] or held.get("supplier_id")),
            device=self._device(
                chosen.device_model.pk if chosen.device_model else row["model_pk"] or held.get("device_model_id")
            ),
            contract=contract,
            neighbours=self._neighbours.get(task.area_id, {}),
            offers_electric=self._programme["electric"],
            confirmed={one["kind"]: _day(one["done_on"]) for one in row["confirmation_rows"]},
            asks_bundle=row["asks_bundle"],
            has_bundle=row["bundle_pk"] is not None,
            missing_devices=_missing(row),
            installed_on=installed_on,
            seasons=self._seasons(row["confirmation_rows"]),
            limits=self.limits,
        )

    def _contract(self, held: Row) -> gate.Contract | None:
        if not held:
            return None
        firm, device = self._firm(held["supplier_id"]), self._device(held["device_model_id"])
        return gate.Contract(
            firm.name if firm else "", _day(held["signed_on"]), held["signer_name"], held["confirms_product"],
            held["warranty_months"], device.label if device else "",
        )  # fmt: skip

    def _seasons(self, confirmations: list[Row]) -> tuple[tuple[date, date], ...]:
        years = [one["season"] for one in confirmations if one["kind"] == "stable_season" and one["season"]]
        seasons = [self._season_rule.season(year) for year in years]
        return tuple((one.first_day, one.last_day) for one in seasons)


def device_facts(model: DeviceModel) -> gate.Device:
    """A model with what its catalogue entry shows; without an entry everything is "not shown"."""
    product = getattr(model, "product", None)
    if product is None:
        return gate.Device(str(model), docked_on=model.docking_confirmed_on, efficiency_grade=model.efficiency_grade)
    grade = product.efficiency_grade if product.efficiency_grade is not None else model.efficiency_grade
    return gate.Device(
        str(model), product.thermal_power_kw, grade, product.voltage_v, product.frequency_hz,
        model.docking_confirmed_on, product.docking_issuer, product.certificate_no, product.certificate_until,
        product.insurance_no, product.insurance_from, product.insurance_until, frozenset(product.papers),
        frozenset(product.uses), product.is_low_power,
    )  # fmt: skip


def _firm_of(key: int, programme: Programme) -> gate.Firm:
    outer = {"supplier": OuterRef("pk")}
    own = {**outer, "programme": programme}
    row = Supplier.objects.filter(pk=key).values(
        "name",
        admission_rows=_rows(
            Admission, {**own, "admitted_on__isnull": False}, "admitted_on", "ended_on", "warranty_months"
        ),
        certificate_rows=_rows(Qualification, outer, "work", "valid_from", "valid_until"),
        has_won=Exists(Bid.objects.filter(**outer, is_winner=True, lot__programme=programme)),
    )
    found = row.get()
    spans = tuple((_day(one["admitted_on"]), _maybe(one["ended_on"])) for one in found["admission_rows"])
    held = (
        gate.Certificate(c["work"], _day(c["valid_from"]), _maybe(c["valid_until"])) for c in found["certificate_rows"]
    )
    months = [one["warranty_months"] for one in found["admission_rows"] if one["ended_on"] is None]
    return gate.Firm(found["name"], spans, tuple(held), months[0] if months else None, found["has_won"])


def _task_rows(keys: list[int]) -> Iterable[Row]:
    of_task, of_record = {"task": OuterRef("pk")}, {"installation__task": OuterRef("pk")}
    contract = ("supplier_id", "device_model_id", "signed_on", "signer_name", "confirms_product", "warranty_months")
    return Task.objects.filter(pk__in=keys).values(
        "pk",
        family=F("technology__family"),
        route=F("technology__code"),
        roster_state=F("roster_row__roster__state"),
        exclusion=F("roster_row__exclusion"),
        installed_on=F("installation__installed_on"),
        supplier_pk=F("installation__supplier_id"),
        model_pk=F("installation__device_model_id"),
        main_kind=F("installation__device_model__kind"),
        bundle_pk=F("installation__bundle_id"),
        asks_bundle=Exists(Bundle.objects.filter(technology=OuterRef("technology"))),
        contract_rows=_rows(Contract, {**of_task, "cancelled_on__isnull": True}, *contract),
        reason_rows=_rows(GateReason, of_task, "gate", "reason"),
        confirmation_rows=_rows(Confirmation, of_task, "kind", "done_on", "season"),
        part_rows=_rows(BundlePart, {"bundle__installation__task": OuterRef("pk")}, "kind", "quantity"),
        device_rows=_rows(InstalledDevice, of_record, "kind"),
    )


def _rows(model: type[Model], where: Mapping[str, Any], *fields: str, order: str = "pk") -> ArraySubquery:
    """Rows of another table beside each row, as JSON objects."""
    rows = model.objects.filter(**where).order_by(order)  # type: ignore[attr-defined]
    return ArraySubquery(rows.values_list(JSONObject(**{name: name for name in fields})))


def _routes_of(programme: Programme, codes: set[str]) -> dict[str, dict[str, int]]:
    alive = Task.objects.filter(programme=programme, area_id__in=codes).exclude(state=Task.State.WITHDRAWN)
    found: dict[str, dict[str, int]] = {}
    for area, route, count in alive.order_by().values_list("area_id", "technology__code").annotate(n=Count("id")):
        found.setdefault(area, {})[route] = count
    return found


def _missing(row: Row) -> dict[str, int]:
    """What the set still lacks; the record's own device is one of it."""
    there = [one["kind"] for one in row["device_rows"]] + ([row["main_kind"]] if row["main_kind"] else [])
    return {part["kind"]: part["quantity"] - there.count(part["kind"]) for part in row["part_rows"]}


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _maybe(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
