"""Service outlets and maintenance visits; both are kept by the office or by the firm itself (`cases.own`)."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core import clock
from core.refusals import Refused
from devices.models import Heater, Supplier
from supervision.kinds import OWN
from supervision.models import LocalSite, MaintenanceVisit, ServiceOutlet

RIGHT = "tickets.handle"


def may_for(by: User, supplier: Supplier, area: str) -> None:
    """The office's right over the place, or an account of the very firm."""
    if by.has_right(RIGHT, area) or (by.has_right(OWN, area) and supplier.pk in by.works_for("firm")):
        return
    raise PermissionDenied(RIGHT)


@transaction.atomic
def open_outlet(
    *, supplier: Supplier, area: Area, name: str, address: str, phone: str, team_size: int, by: User
) -> ServiceOutlet:
    """Raises `Refused` OUTLET_FAULTY, OUTLET_KNOWN (409)."""
    may_for(by, supplier, area.code)
    if not name.strip() or not address.strip() or not phone.strip() or team_size < 1:
        raise Refused("OUTLET_FAULTY", _("An outlet needs a name, an address, a phone and at least one person."))
    try:
        with transaction.atomic():
            return ServiceOutlet.objects.create(
                supplier=supplier, area=area, name=name.strip()[:80], address=address.strip()[:120],
                phone=phone.strip()[:30], team_size=team_size,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused("OUTLET_KNOWN", _("The enterprise has an outlet of this name."), conflict=True) from error


@transaction.atomic
def keep_site(
    *, supplier: Supplier, area: Area, address: str, makes: bool, sells: bool, seen_on: date, by: User,
    today: date | None = None,
) -> LocalSite:  # fmt: skip
    """Where the supplier makes or sells its heaters (J-54), as somebody of the office saw it; the same address again
    says anew what is there, neither of both closes it. Raises `Refused` SITE_FAULTY."""
    if not by.has_right(RIGHT, area.code):
        raise PermissionDenied(RIGHT)
    known = LocalSite.objects.filter(supplier=supplier, address=address.strip()[:120]).first()
    if known is not None and not by.has_right(RIGHT, known.area_id):
        raise PermissionDenied(RIGHT)
    if not address.strip() or seen_on > (today or clock.today()) or not (makes or sells or known):
        words = _("Say where it is, whether heaters are made or sold there, and on which day that was seen.")
        raise Refused("SITE_FAULTY", words)
    site = known or LocalSite(supplier=supplier, address=address.strip()[:120])
    if makes or sells:
        site.makes, site.sells = makes, sells
    site.area, site.seen_on, site.recorded_by = area, seen_on, by
    site.closed_on = None if makes or sells else seen_on
    site.save()
    return site


@transaction.atomic
def record_visit(
    *, heater: Heater, visited_on: date, result: str, is_safe: bool | None = None, words: str = "", by: User,
    today: date | None = None,
) -> MaintenanceVisit:  # fmt: skip
    """One visit to a heater (T-95). Raises `Refused` VISIT_FAULTY, VISIT_KNOWN (409)."""
    supplier = heater.device_model.supplier
    may_for(by, supplier, heater.area_id)
    if result not in MaintenanceVisit.Result.values or visited_on > (today or clock.today()):
        raise Refused("VISIT_FAULTY", _("Choose a result and a day that does not lie in the future."))
    if result == MaintenanceVisit.Result.FAULTY and not words.strip():
        raise Refused("VISIT_FAULTY", _("Say in words what is not in order."))
    try:
        with transaction.atomic():
            return MaintenanceVisit.objects.create(
                heater=heater, area_id=heater.area_id, supplier=supplier, visited_on=visited_on, result=result,
                is_safe=is_safe, words=words.strip()[:300], recorded_by=by,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused("VISIT_KNOWN", _("A visit of this day is recorded already."), conflict=True) from error
