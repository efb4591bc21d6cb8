"""The facts the gates look at, gathered in one place: one question to the database, however many tasks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, Model, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from accounts.models import Area
from core.areas import ancestors
from core.beside import read_beside
from core.seasons import SeasonRule
from devices.models import DeviceModel, DockingCertificate, ModelSample, Supplier
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
    Installation,
    InstalledDevice,
    Qualification,
    SupplyStep,
    Task,
)
from retrofits.site_rules import contract_items, local_requirements, watts_per_m2

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
        self._rules: list[Rule] | None = None
        self._tasks: dict[int, Row] = {}
        self._firms: dict[int, gate.Firm] = {}
        self._devices: dict[int, gate.Device] = {}
        self._areas: dict[str, Row] = {}
        self._neighbours: dict[str, dict[str, int]] = {}

    def read(self, tasks: Iterable[Task]) -> None:
        """Read what is needed of these tasks at once."""
        fresh = [task for task in tasks if task.pk not in self._tasks]
        if not fresh or self._rules == []:
            return
        keys, codes = [task.pk for task in fresh], {task.area_id for task in fresh}
        found = read_beside(
            **({} if self._rules is not None else self._of_programme()), **self._of_places(codes),
            tasks=_task_rows(keys), **_of_firms(_firms_of(keys), self.programme), **_of_models(_models_of(keys)),
        )  # fmt: skip
        if self._rules is None:
            self._keep_programme(found)
        self._tasks |= {row["pk"]: row for row in found["tasks"]}
        self._keep_places(codes, found)
        self._keep_firms(found)
        self._keep_models(found)

    def verdicts(self, task: Task, stages: Collection[str], *, on: date, chosen: Chosen | None = None) -> list[Verdict]:
        """How every gate of these stages stands for the task on the day."""
        self.read([task])
        if not self.rules:
            return []
        row = self._tasks[task.pk]
        reasons = {one["gate"]: one["reason"] for one in row["reason_rows"]}
        return judge(self._facts(task, row, on, chosen or Chosen()), self.rules, stages, reasons)

    # --- of the programme ---------------------------------------------------------------------------------------

    @property
    def rules(self) -> list[Rule]:
        if self._rules is None:
            self._keep_programme(read_beside(**self._of_programme()))
        return self._rules or []

    def _of_programme(self) -> dict[str, QuerySet[Any, Any]]:
        own, techs = {"programme": self.programme}, Technology.objects.filter(programme=self.programme)
        return {
            "rules": GateRule.objects.filter(**own).order_by("id"),
            "limits": Threshold.objects.filter(**own),
            "steps": SupplyStep.objects.filter(**own),
            "samples": ModelSample.objects.filter(**own, result=ModelSample.Result.FAILED).order_by("sampled_on", "id"),
            "electric": techs.filter(family="ELECTRIC").values("pk")[:1],
        }

    def _keep_programme(self, found: Row) -> None:
        self._rules = [
            Rule(one.gate, one.mode == "hard", one.clause, frozenset(one.families)) for one in found["rules"]
        ]
        self._limits = {one.code: gate.Limit(one.operator, one.value, one.unit) for one in found["limits"]}
        self._offers_electric = bool(found["electric"])
        self._samples: dict[int, tuple[gate.FailedSample, ...]] = {}
        for one in found["samples"]:
            failed = gate.FailedSample(one.report_no, one.sampled_on, one.lifted_on)
            self._samples[one.device_model_id] = (*self._samples.get(one.device_model_id, ()), failed)
        self._steps: dict[str, dict[str, gate.Step]] = {}
        for one in found["steps"]:
            self._steps.setdefault(one.area_id, {})[one.step] = gate.Step(one.done_on, one.valid_until)

    @cached_property
    def _season_rule(self) -> SeasonRule:
        return SeasonRule.parse(self.programme.season_start, self.programme.season_end)

    # --- of places ----------------------------------------------------------------------------------------------

    def _of_places(self, codes: set[str]) -> dict[str, QuerySet[Any, Any]]:
        path = {one for code in codes for one in (code, *ancestors(code))}
        known = ("code", "in_heat_network", "grid_capacity_ok", "area_class")
        return {"areas": Area.objects.filter(code__in=path).values(*known), "routes": _routes_of(self.programme, codes)}

    def _keep_places(self, codes: set[str], found: Row) -> None:
        self._areas |= {row["code"]: row for row in found["areas"]}
        self._neighbours |= {code: {} for code in codes}
        for row in found["routes"]:
            self._neighbours[row["area_id"]][row["route"]] = row["n"]

    def _place(self, code: str) -> gate.Place:
        """What is known of a place: its own word, otherwise that of the nearest place above it."""
        path = [code, *sorted(ancestors(code), key=len, reverse=True)]
        steps: dict[str, gate.Step] = {}
        for one in reversed(path):
            steps |= self._steps.get(one, {})
        capacity, kind = self._known(path, "grid_capacity_ok"), self._known(path, "area_class")
        return gate.Place(self._known(path, "in_heat_network"), capacity, steps, kind or "")

    def _known(self, path: list[str], name: str) -> Any:
        values = (self._areas[code][name] for code in path if code in self._areas)
        return next((value for value in values if value not in (None, "")), None)

    # --- of firms and products ------------------------------------------------------------------------------------

    def _keep_firms(self, found: Row) -> None:
        self._firms |= {row["pk"]: _firm(row) for row in found["firms"]}

    def _keep_models(self, found: Row) -> None:
        self._devices |= {one.pk: device_facts(one) for one in found["models"]}

    def _firm(self, key: int | None) -> gate.Firm | None:
        """A firm the tasks do not name yet is asked for by itself."""
        if key is not None and key not in self._firms:
            self._keep_firms(read_beside(**_of_firms(Q(pk=key), self.programme)))
        return None if key is None else self._firms[key]

    def _device(self, key: int | None) -> gate.Device | None:
        if key is not None and key not in self._devices:
            self._keep_models(read_beside(**_of_models(Q(pk=key))))
        return None if key is None else self._devices[key]

    # --- together -----------------------------------------------------------------------------------------------

    def _facts(self, task: Task, row: Row, on: date, chosen: Chosen) -> gate.Facts:
        held = row["contract_rows"][0] if row["contract_rows"] else {}
        contract = self._contract(held)
        model = chosen.device_model.pk if chosen.device_model else row["model_pk"] or held.get("device_model_id")
        return gate.Facts(
            on=on,
            family=row["family"],
            technology=row["route"],
            is_on_approved_roster=row["roster_state"] == Roster.State.APPROVED and not row["exclusion"],
            place=self._place(task.area_id),
            firm=self._firm(chosen.supplier.pk if chosen.supplier else row["supplier_pk"] or held.get("supplier_id")),
            device=self._device(model),
            failed_samples=self._samples.get(model, ()) if model else (),
            contract=contract,
            neighbours=self._neighbours.get(task.area_id, {}),
            offers_electric=self._offers_electric,
            confirmed={one["kind"]: _day(one["done_on"]) for one in row["confirmation_rows"]},
            asks_bundle=row["asks_bundle"],
            has_bundle=row["bundle_pk"] is not None,
            missing_devices=_missing(row),
            installed_on=row["installed_on"],
            seasons=self._seasons(row["confirmation_rows"]),
            limits=self._limits,
            heated_area_m2=row["recorded_m2"] or row["known_m2"],
            dwelling_type=row["kind_of_home"],
            watts_per_m2=watts_per_m2(self.programme.settings),
            contract_items=contract_items(self.programme.settings),
            local_requirements=local_requirements(self.programme.settings),
        )

    def _contract(self, held: Row) -> gate.Contract | None:
        if not held:
            return None
        firm, device = self._firm(held["supplier_id"]), self._device(held["device_model_id"])
        return gate.Contract(
            firm.name if firm else "", _day(held["signed_on"]), held["signer_name"], held["confirms_product"],
            held["warranty_months"], device.label if device else "",
            frozenset(held["contents"]),
        )  # fmt: skip

    def _seasons(self, confirmations: list[Row]) -> tuple[tuple[date, date], ...]:
        years = [one["season"] for one in confirmations if one["kind"] == "stable_season" and one["season"]]
        seasons = [self._season_rule.season(year) for year in years]
        return tuple((one.first_day, one.last_day) for one in seasons)


AS_SHOWN = (
    "certificate_no", "certificate_until", "insurance_no", "insurance_from", "insurance_until", "is_low_power",
    "interface", "protocol", "has_wireless", "is_remote", "sample_on", "protocol_paper",
)  # fmt: skip


def device_facts(model: DeviceModel) -> gate.Device:
    """A model with what its catalogue entry shows; without an entry everything is "not shown".

    A docking confirmation of the portal's own says who confirmed and until when; another platform's is in the entry.
    """
    product, own = getattr(model, "product", None), next(iter(model.own_certificates), {})  # type: ignore[attr-defined]
    docked = {"docked_on": model.docking_confirmed_on, "docked_until": _maybe(own.get("valid_until"))}
    if product is None:
        grade, issuer = model.efficiency_grade, own.get("number", "")
        return gate.Device(str(model), efficiency_grade=grade, docking_issuer=issuer, **docked)
    grade = product.efficiency_grade if product.efficiency_grade is not None else model.efficiency_grade
    return gate.Device(
        str(model), product.thermal_power_kw, grade, product.voltage_v, product.frequency_hz,
        docking_issuer=product.docking_issuer or own.get("number", ""), **docked,
        **{name: getattr(product, name) for name in AS_SHOWN},
        **{name: frozenset(getattr(product, name)) for name in ("papers", "uses", "meets")},
    )  # fmt: skip


def _of_firms(where: Q, programme: Programme) -> dict[str, QuerySet[Any, Any]]:
    outer = {"supplier": OuterRef("pk")}
    admitted = {**outer, "programme": programme, "admitted_on__isnull": False}
    return {"firms": Supplier.objects.filter(where).values(
        "pk", "name",
        admission_rows=_rows(Admission, admitted, "admitted_on", "ended_on", "warranty_months"),
        certificate_rows=_rows(Qualification, outer, "work", "valid_from", "valid_until"),
        has_won=Exists(Bid.objects.filter(**outer, is_winner=True, lot__programme=programme)),
    )}  # fmt: skip


def _of_models(where: Q) -> dict[str, QuerySet[Any, Any]]:
    valid = {"device_model": OuterRef("pk"), "state": DockingCertificate.State.VALID}
    own = _rows(DockingCertificate, valid, "number", "valid_until", order="-issued_on")
    return {"models": DeviceModel.objects.filter(where).select_related("product").annotate(own_certificates=own)}


def _firms_of(keys: list[int]) -> Q:
    """Firms that are named by these tasks: who installed, and who has the contract."""
    return Q(pk__in=Installation.objects.filter(task__in=keys).values("supplier")) | Q(
        pk__in=Contract.objects.filter(task__in=keys, cancelled_on=None).values("supplier")
    )


def _models_of(keys: list[int]) -> Q:
    return Q(pk__in=Installation.objects.filter(task__in=keys).values("device_model")) | Q(
        pk__in=Contract.objects.filter(task__in=keys, cancelled_on=None).values("device_model")
    )


def _firm(row: Row) -> gate.Firm:
    spans = tuple((_day(one["admitted_on"]), _maybe(one["ended_on"])) for one in row["admission_rows"])
    held = tuple(
        gate.Certificate(c["work"], _day(c["valid_from"]), _maybe(c["valid_until"])) for c in row["certificate_rows"]
    )
    months = [one["warranty_months"] for one in row["admission_rows"] if one["ended_on"] is None]
    return gate.Firm(row["name"], spans, held, months[0] if months else None, row["has_won"])


def _task_rows(keys: list[int]) -> QuerySet[Any, Any]:
    of_task, of_record = {"task": OuterRef("pk")}, {"installation__task": OuterRef("pk")}
    contract = ("supplier_id", "device_model_id", "signed_on", "signer_name", "confirms_product", "warranty_months",
                "contents")  # fmt: skip
    return Task.objects.filter(pk__in=keys).values(
        "pk",
        family=F("technology__family"),
        route=F("technology__code"),
        roster_state=F("roster_row__roster__state"),
        exclusion=F("roster_row__exclusion"),
        installed_on=F("installation__installed_on"),
        recorded_m2=F("installation__heated_area_m2"),
        known_m2=F("dwelling__heated_area_m2"),
        kind_of_home=F("dwelling__dwelling_type"),
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


def _routes_of(programme: Programme, codes: set[str]) -> QuerySet[Any, Any]:
    """How many living tasks each village has of each route: rows of area_id, route, n."""
    alive = Task.objects.filter(programme=programme, area_id__in=codes).exclude(state=Task.State.WITHDRAWN)
    return alive.order_by().values("area_id", route=F("technology__code")).annotate(n=Count("id"))


def _missing(row: Row) -> dict[str, int]:
    """What the set still lacks; the record's own device is one of it."""
    there = [one["kind"] for one in row["device_rows"]] + ([row["main_kind"]] if row["main_kind"] else [])
    return {part["kind"]: part["quantity"] - there.count(part["kind"]) for part in row["part_rows"]}


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _maybe(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
