"""The product catalogue: what a device model shows, entered by the office from its papers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from devices.models import DeviceModel
from retrofits.models import Product
from retrofits.services.enterprises import ENTER

FIELDS = (
    "thermal_power_kw", "efficiency_grade", "voltage_v", "frequency_hz", "certificate_no", "certificate_until",
    "insurance_no", "insurance_from", "insurance_until", "papers", "uses", "docking_no", "docking_issuer", "material",
    "is_direct", "uses_off_peak", "is_low_power", "interface", "protocol", "has_wireless", "is_remote", "sample_on",
    "protocol_paper", "meets",
)  # fmt: skip


@transaction.atomic
def describe_product(
    *, device_model: DeviceModel, values: Mapping[str, Any], version: int | None = None, by: User
) -> Product:
    """Store what the model shows; fields that are not given stay. `version` guards against a change meanwhile.

    The catalogue is one for all places: who keeps works anywhere may enter. Raises `Refused` PRODUCT_FAULTY with the
    field, PRODUCT_CHANGED (409).
    """
    if not by.has_right(ENTER):
        raise PermissionDenied(ENTER)
    product = Product.objects.select_for_update().filter(device_model=device_model).first()
    if product is None:
        product = Product(device_model=device_model, version=0)
    elif version is not None and product.version != version:
        raise Refused("PRODUCT_CHANGED", _("Somebody changed this product meanwhile. Open it again."), conflict=True)
    for name in FIELDS:
        if name in values:
            setattr(product, name, values[name])
    product.entered_by, product.version = by, product.version + 1
    _refuse_faulty(product)
    product.save()
    return product


def _refuse_faulty(product: Product) -> None:
    try:
        product.full_clean(exclude=["device_model", "entered_by"], validate_unique=False)
    except ValidationError as error:
        name, problems = next(iter(error.message_dict.items()))
        label = Product._meta.get_field(name).verbose_name
        raise Refused("PRODUCT_FAULTY", _("%(field)s: %(why)s"), field=label, why=problems[0]) from None
    start, end = product.insurance_from, product.insurance_until
    if start and end and end < start:
        raise Refused("PRODUCT_FAULTY", _("The insurance would end (%(end)s) before it begins."), end=end)
