"""An alert of a heater becomes a case (J-76, J-77, B-27): what the readings say is looked after by people."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Area, User
from core.refusals import Refused
from devices.models import Supplier
from programmes.models import Programme
from supervision.kinds import GROUP_OF, Category, Kind, Label, Source
from supervision.models import AlertCase, Case
from supervision.models.cases import OVER
from supervision.services.cases import Opening, may_open, store_case
from supervision.services.coal import Listed
from supervision.services.public import programme_at
from telemetry.models import Alert

A = Alert.Kind
REPAIR, HAZARD = (Kind.REPAIR, Category.FAULT), (Kind.HAZARD, Category.OTHER)
COLD = (Kind.REPAIR, Category.NO_HEAT)
#: What each kind of alert may become, the likeliest first. “Data of poor quality” concerns the line, not the home.
BECOMES: dict[str, tuple[tuple[str, str], ...]] = {
    A.COAL_RETURN: ((Kind.RELAPSE, Category.COAL_BURNT), HAZARD),
    A.WELFARE: ((Kind.NON_USE, Category.NOT_RUNNING), HAZARD),
    A.UNIT_SILENT: (REPAIR, (Kind.NON_USE, Category.NOT_RUNNING)),
    A.LINE_SILENT: (REPAIR,),
    A.ERRORS_ONLY: (REPAIR,),
    A.FAULT: (REPAIR, HAZARD),
    A.ROOM_COLD: (COLD, (Kind.NON_USE, Category.NOT_RUNNING)),
    A.ROOM_COOL: (COLD,),
    A.SUPPLY_LOW: (COLD,),
    A.FREEZING: (COLD, HAZARD),
    A.SHORT_CYCLING: (REPAIR,),
    A.SECOND_MASTER: (REPAIR,),
    A.DUPLICATE_ID: (REPAIR,),
}
LABELS: dict[str, Label] = {
    Kind.RELAPSE: gettext_lazy("Open a case of coal relapse"),
    Kind.NON_USE: gettext_lazy("Open a case of non-use"),
    Kind.REPAIR: gettext_lazy("Open a repair ticket"),
    Kind.HAZARD: gettext_lazy("Open a hazard"),
}


@transaction.atomic
def open_from_alert(*, alert: Alert, kind: str, by: User, now: datetime, evidence: str = "") -> Case:
    """A case of that kind with the heater, its home and its maker filled in; the alert shows its state from then on.

    Raises `Refused` ALERT_NO_CASE, PLACE_OUTSIDE, CASE_FAULTY, CASE_KNOWN (409), `PermissionDenied`.
    """
    category = dict(BECOMES.get(alert.kind, ())).get(kind)
    if category is None:
        raise Refused("ALERT_NO_CASE", _("This alert does not become such a case."))
    opening = _opening(alert, kind, category, evidence)
    may_open(GROUP_OF[kind], alert.area, by)
    programme = programme_of(alert.area)
    try:
        with transaction.atomic():
            case = store_case(programme=programme, area=alert.area, opening=opening, by=by, now=now)
            AlertCase.objects.create(alert=alert, case=case)
    except IntegrityError as error:
        raise Refused("CASE_KNOWN", _("This alert has become a case already."), conflict=True) from error
    return case


def programme_of(area: Area) -> Programme:
    found = programme_at(area)
    if found is None:
        raise Refused("PLACE_OUTSIDE", _("No programme covers this place."))
    return found


def _opening(alert: Alert, kind: str, category: str, evidence: str) -> Opening:
    heater = alert.heater
    began = f"{timezone.localtime(alert.opened_at):%Y-%m-%d %H:%M}"
    said = _("Heater %(heater)s, %(alert)s since %(began)s.") % {
        "heater": heater.platform_no, "alert": alert.get_kind_display(), "began": began,
    }  # fmt: skip
    return Opening(
        kind, category, Source.TELEMETRY, f"{alert.get_kind_display()} {heater.platform_no}",
        words=f"{said} {evidence}".strip(), dwelling=heater.dwelling, heater=heater, supplier=_firm(alert, kind),
    )  # fmt: skip


def _firm(alert: Alert, kind: str) -> Supplier | None:
    """Who repairs: the firm that installed the heater, else its maker. Cases about people concern no firm."""
    if kind not in (Kind.REPAIR, Kind.HAZARD):
        return None
    works = getattr(alert.heater, "installation", None)
    firm: Supplier = works.supplier if works else alert.heater.device_model.supplier
    return firm


@transaction.atomic
def list_relapses(*, programme: Programme, area: Area, by: User, now: datetime) -> Listed:
    """A case for each home whose open alert says coal (or nobody heating) and that has none yet; safe to repeat."""
    may_open(GROUP_OF[Kind.RELAPSE], area, by)
    alerts = Alert.objects.within(area.code).filter(
        kind__in=Alert.VISITS, cleared_at=None, made_case=None, heater__dwelling__isnull=False
    )
    made: list[str] = []
    known = 0
    for alert in alerts.select_related("heater__dwelling", "heater__device_model__supplier", "area").order_by("pk"):
        kind, category = BECOMES[alert.kind][0]
        if _runs(programme, alert, kind):
            known += 1
            continue
        case = store_case(
            programme=programme, area=alert.area, opening=_opening(alert, kind, category, ""), by=by, now=now
        )
        AlertCase.objects.create(alert=alert, case=case)
        made.append(kind)
    return Listed(made.count(Kind.NON_USE), 0, known, relapsed=made.count(Kind.RELAPSE))


def _runs(programme: Programme, alert: Alert, kind: str) -> bool:
    same = Case.objects.filter(programme=programme, kind=kind, dwelling=alert.heater.dwelling_id)
    return bool(same.exclude(state__in=OVER).exists())
