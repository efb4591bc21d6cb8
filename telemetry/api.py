"""Upwards (J-19): heaters with the record of annex 2, as JSON or as a workbook, and readings since a cursor.

Token or session, and every answer is narrowed to the caller's areas. `/api/schema/` describes it.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, OpenApiWebhook, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_rows import VisibleRows
from core import clock, masks
from core.workbooks.write import Column, LedgerWriter
from devices.models import Heater
from telemetry import feed
from telemetry.models import LatestReading

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class LatestSerializer(serializers.ModelSerializer[LatestReading]):
    """Temperatures in tenths of a degree Celsius; null where the heater did not say."""

    class Meta:
        model = LatestReading
        fields = [
            "at",
            "supply_dc",
            "return_dc",
            "outdoor_dc",
            "room_dc",
            "set_room_dc",
            "running",
            "mode",
            "fault",
            "power_w",
            "energy_dkwh",
            "flags",
            "misses",
        ]


class RecordSerializer(serializers.ModelSerializer[Heater]):
    """The twelve items of annex 2, item 5. Name, phone and door leave in full only for those who read households."""

    town = serializers.CharField(source="area.parent.name", default=None)
    village = serializers.CharField(source="area.name")
    door_no = serializers.SerializerMethodField()
    head_name = serializers.SerializerMethodField()
    phone = serializers.SerializerMethodField()
    heated_area_m2 = serializers.DecimalField(8, 2, source="dwelling.heated_area_m2", default=None)
    longitude = serializers.DecimalField(9, 6, source="dwelling.longitude", default=None)
    latitude = serializers.DecimalField(8, 6, source="dwelling.latitude", default=None)
    vendor = serializers.CharField(source="device_model.supplier.name")
    device_name = serializers.CharField(source="device_model.name")
    model_no = serializers.CharField(source="device_model.model_no")
    wireless_no = serializers.CharField(source="bus.line")

    class Meta:
        model = Heater
        fields = [
            "town", "village", "door_no", "head_name", "phone", "heated_area_m2", "longitude", "latitude", "vendor",
            "device_name", "model_no", "factory_no", "wireless_no",
        ]  # fmt: skip

    def get_door_no(self, heater: Heater) -> str | None:
        return str(heater.dwelling.door_no) if heater.dwelling and self._reads(heater) else None

    def get_head_name(self, heater: Heater) -> str | None:
        if heater.dwelling is None:
            return None
        name = heater.dwelling.household.head_name
        return str(name) if self._reads(heater) else masks.mask_name(name)

    def get_phone(self, heater: Heater) -> str | None:
        return masks.mask_phone(heater.dwelling.household.phone) if heater.dwelling else None

    def _reads(self, heater: Heater) -> bool:
        return bool(self.context["request"].user.has_right("households.view", heater.area_id))


class HeaterSerializer(serializers.ModelSerializer[Heater]):
    line = serializers.CharField(source="bus.line")
    latest = LatestSerializer(read_only=True)
    record = RecordSerializer(source="*", read_only=True)

    class Meta:
        model = Heater
        fields = ["platform_no", "area", "line", "unit", "installed_on", "removed_on", "record", "latest"]


# Keys of the record and of the newest reading → heading of annex 2, and what makes the number readable.
SHEET = (
    Column("town", "镇名"), Column("village", "村名"), Column("door_no", "门牌号"), Column("head_name", "住户名字"),
    Column("phone", "联系电话"), Column("heated_area_m2", "取暖面积", unit="㎡"), Column("longitude", "经度"),
    Column("latitude", "纬度"), Column("vendor", "厂商名称"), Column("device_name", "设备名称"),
    Column("model_no", "型号"), Column("factory_no", "出厂地址编号"), Column("wireless_no", "无线传输设备地址编号"),
    Column("platform_no", "平台编号"), Column("at", "数据时间", width=22.0),
    Column("supply_dc", "供水（送风）温度", unit="℃"),
    Column("return_dc", "回水（回风）温度", unit="℃"), Column("outdoor_dc", "室外温度", unit="℃"),
    Column("room_dc", "室内温度", unit="℃"), Column("set_room_dc", "设定室内温度", unit="℃"),
    Column("running", "开关机"), Column("mode", "运行模式"), Column("fault", "故障码"),
    Column("energy_dkwh", "累计电量", unit="kWh"),
)  # fmt: skip
_TENTHS = frozenset(column.key for column in SHEET if column.key.endswith(("_dc", "_dkwh")))


class WorkbookRenderer(BaseRenderer):
    """`?format=xlsx`: the rows of this page of the answer as a workbook with the headings of annex 2."""

    media_type, format, charset, render_style = WORKBOOK, "xlsx", None, "binary"

    def render(self, data: Any, media_type: str | None = None, context: Mapping[str, Any] | None = None) -> bytes:
        rows = data.get("results") if isinstance(data, Mapping) else None
        if rows is None:
            return JSONRenderer().render(data)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "heaters.xlsx"
            writer = LedgerWriter(
                path,
                SHEET,
                titles=["取暖设备运行数据"],
                query={"附件2": f"{clock.now():%Y-%m-%d %H:%M}"},
                sheet_name="设备",
            )
            writer.write(map(sheet_row, rows))
            return path.read_bytes()


def sheet_row(row: Mapping[str, Any]) -> dict[str, str]:
    """One heater in the words of a sheet: degrees instead of tenths, an empty cell where nothing is known."""
    latest = row["latest"] or {}
    flat = {**row["record"], **latest, "platform_no": row["platform_no"]}
    return {column.key: _cell(column.key, flat.get(column.key)) for column in SHEET}


def _cell(key: str, value: Any) -> str:
    if value is None:
        return ""
    return f"{value / 10:.1f}" if key in _TENTHS else str(value)


class HeaterRows(VisibleRows):
    """Heaters with their address, the record of annex 2 and the newest reading. `?format=xlsx` gives a workbook."""

    model, serializer_class, required_right = Heater, HeaterSerializer, Heater.view_right
    related = ("bus", "latest", "area__parent", "device_model__supplier", "dwelling__household")
    lookup_field = "platform_no"
    filterset_fields = ["area"]
    renderer_classes = (JSONRenderer, WorkbookRenderer)


class FeedRowSerializer(serializers.Serializer[dict[str, Any]]):
    """One reading. Temperatures in tenths of a degree; null where the heater did not say; `flags` see the manual."""

    heater = serializers.CharField()
    at = serializers.DateTimeField()
    supply_dc = serializers.IntegerField(allow_null=True)
    return_dc = serializers.IntegerField(allow_null=True)
    outdoor_dc = serializers.IntegerField(allow_null=True)
    room_dc = serializers.IntegerField(allow_null=True)
    set_room_dc = serializers.IntegerField(allow_null=True)
    running = serializers.BooleanField(allow_null=True)
    mode = serializers.IntegerField(allow_null=True)
    fault = serializers.IntegerField(allow_null=True)
    power_w = serializers.IntegerField(allow_null=True)
    energy_dkwh = serializers.IntegerField(allow_null=True)
    flags = serializers.IntegerField()


class FeedSerializer(serializers.Serializer[dict[str, Any]]):
    """`cursor` is where to go on; `more` says that there is more at this moment."""

    cursor = serializers.CharField()
    more = serializers.BooleanField()
    results = FeedRowSerializer(many=True)


class HeaterFeed(APIView):
    """Every reading once, in the order of time: keep `cursor` and ask again with it."""

    required_right = Heater.view_right
    filter_backends = ()

    @extend_schema(
        parameters=[
            OpenApiParameter("cursor", str, description="as the last answer gave it"),
            OpenApiParameter("since", dt.datetime, description="where to begin without a cursor; else an hour ago"),
            OpenApiParameter("limit", int, description="readings at most, 1 to 5000 (1000)"),
        ],
        responses=FeedSerializer,
    )
    def get(self, request: Request) -> Response:
        try:
            asked = feed.Asked.of(request.query_params, clock.now())
        except feed.BadQuestion as problem:
            raise ValidationError({problem.field: [problem.sentence]}) from None
        heaters = Heater.objects.visible_to(request.user, self.required_right)
        page = feed.readings_since(heaters, asked, clock.now())
        return Response(FeedSerializer({"cursor": page.cursor, "more": page.more, "results": page.rows}).data)


class BatchSerializer(serializers.Serializer[dict[str, Any]]):
    """What is sent upwards by the portal itself. `batch` is also the `Idempotency-Key`; a trial has no readings."""

    batch = serializers.UUIDField()
    cursor = serializers.CharField(required=False)
    trial = serializers.BooleanField(required=False)
    results = FeedRowSerializer(many=True)


_HEADERS = """Sent to receivers an administrator has made. Any 2xx is a yes; else the same batch comes again. Headers:
`Idempotency-Key` (the batch; drop one you have had), `X-Portal-Timestamp` (Unix seconds; refuse what is older than five
minutes), `X-Portal-Signature` (sha256= and the hex of HMAC-SHA-256(secret, timestamp + "." + body))."""
READINGS_SENT = OpenApiWebhook(
    name="readings",
    decorator=extend_schema(
        summary="Readings as they come",
        description=_HEADERS,
        request=BatchSerializer,
        responses={200: OpenApiResponse(description="taken"), 410: OpenApiResponse(description="never again")},
    ),
)
