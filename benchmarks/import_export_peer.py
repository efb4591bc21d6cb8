"""The same columns through django-import-export: one resource that writes household, dwelling and enrolment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tablib
from import_export import fields, resources, widgets

from accounts.acting import acting
from accounts.models import Area, User
from core import names
from core.blind_index import blind_index
from households.indexes import door_index
from households.models import Dwelling, Enrolment, Household
from programmes.models import Programme, Technology


class IndexWidget(widgets.CharWidget):
    """The blind index in place of the number, so that full_clean finds a person registered twice."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return blind_index(str(value), "id_number")


class HouseholdResource(resources.ModelResource):
    """Its own checks: widgets per column, full_clean of each household, dwelling and enrolment."""

    household_no = fields.Field("household_no", "序号")
    area = fields.Field("area", "村", widget=widgets.ForeignKeyWidget(Area, "name"))
    head_name = fields.Field("head_name", "户主姓名")
    id_number = fields.Field("id_number", "身份证号")
    id_number_index = fields.Field("id_number_index", "身份证号", widget=IndexWidget())
    phone = fields.Field("phone", "联系电话")
    bank_card = fields.Field("bank_card", "收款卡号")
    residents = fields.Field("residents", "常住人口", widget=widgets.IntegerWidget())
    remark = fields.Field("remark", "备注")

    class Meta:
        model = Household
        import_id_fields = ("household_no",)
        fields = (
            "household_no", "id_number_index", "area", "head_name", "id_number", "phone", "bank_card",
            "residents", "remark",
        )  # fmt: skip
        clean_model_instances = True

    def __init__(self, programme: Programme, by: User) -> None:
        super().__init__()
        self.programme, self.by = programme, by
        self.routes = {route.name: route for route in Technology.objects.filter(programme=programme)}

    def before_save_instance(self, instance: Household, row: dict[str, Any], **kwargs: Any) -> None:
        instance.head_pinyin, instance.head_initials = names.pinyin(instance.head_name), names.initials(row["户主姓名"])
        instance.id_number_tail = str(instance.id_number)[-4:]
        instance.phone_index = blind_index(str(instance.phone), "phone")
        instance.bank_card_index = blind_index(str(instance.bank_card), "bank_card")

    def after_save_instance(self, instance: Household, row: dict[str, Any], **kwargs: Any) -> None:
        door = f"{row['组']}{row['门牌号']}"
        home = Dwelling(
            household=instance, area=instance.area, dwelling_no=f"{instance.household_no}-1", door_no=door,
            door_no_index=door_index(instance.area_id, door), heated_area_m2=row["取暖面积"],
            dwelling_type=row["房屋类型"], meter_no=row["电表号"],
        )  # fmt: skip
        home.full_clean()
        home.save()
        route = self.routes[row["改造方式"]]
        enrolment = Enrolment(
            programme=self.programme, dwelling=home, area=instance.area, technology=route, entered_by=self.by
        )
        enrolment.full_clean()
        enrolment.save()


def imported(path: Path, programme: Programme, *, dry_run: bool) -> int:
    """Rows imported; stops with the first errors when there are any."""
    by = User.objects.get(username="bench-clerk")
    data = tablib.Dataset().load(path.read_bytes(), format="xlsx")
    with acting(by):
        result = HouseholdResource(programme, by).import_data(data, dry_run=dry_run, use_transactions=True)
    if result.has_errors() or result.has_validation_errors():
        rows = [(number, [str(one.error) for one in errors]) for number, errors in result.row_errors()[:1]]
        raise SystemExit(f"The peer refused: {rows or result.invalid_rows[:1] or result.base_errors}")
    return int(result.totals["new"])
