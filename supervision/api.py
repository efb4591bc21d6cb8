"""Cases over the API (read, and written down), and values of network points (B-20, B-21) as a control room sends them.

The same rows under the same rights as the pages: groups of cases, sensitive ones, an organisation's own. Refusals are
422 or 409 with `code` and `detail`.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from accounts.api_rows import VisibleRows
from accounts.models import Area
from core import clock, masks
from core.refusals import Refused
from devices.models import Heater
from households.models import Dwelling
from programmes.models import Programme
from supervision import companies
from supervision.filters import CaseFilter
from supervision.kinds import GROUP_OF, GROUPS, OWN, Category, Kind, Source
from supervision.models import Case, NetworkPoint
from supervision.services import network
from supervision.services.cases import Opening, open_case
from supervision.services.public import programme_at

BODY_MOST = 1_000_000
"""Bytes of one message."""


class Writes(UserRateThrottle):
    """What changes something has a stricter count than what reads."""

    scope, rate = "writes", "120/min"

    def allow_request(self, request: Request, view: Any) -> bool:
        return request.method in ("GET", "HEAD", "OPTIONS") or super().allow_request(request, view)


class Refusal(APIException):
    """A service's refusal as an answer."""

    def __init__(self, refused: Refused) -> None:
        super().__init__({"code": refused.code, "detail": refused.sentence})
        self.status_code = refused.status


class TooLong(APIException):
    status_code, default_detail = 413, "The message is too long."


def refuse_long(request: Request) -> None:
    """Judged before a byte of the body is read; a message without a stated length is read by nobody."""
    length = str(request.META.get("CONTENT_LENGTH") or "")
    if not length.isdigit() or int(length) > BODY_MOST:
        raise TooLong


class CaseSerializer(serializers.ModelSerializer[Case]):
    """A case as lists show it. Moments are null where they have not come; `late` by the clock that runs now."""

    dwelling_no = serializers.CharField(source="dwelling.dwelling_no", default=None)
    heater = serializers.CharField(source="heater.platform_no", default=None)
    supplier = serializers.CharField(source="supplier.name", default=None)
    outlet = serializers.CharField(source="outlet.name", default=None)
    late = serializers.SerializerMethodField()

    class Meta:
        model = Case
        fields = [
            "number", "kind", "category", "source", "area", "title", "state", "opened_at", "respond_by", "due_at",
            "responded_at", "answered_at", "closed_at", "escalated_at", "late", "satisfaction", "in_warranty",
            "dwelling_no", "heater", "supplier", "outlet", "responsible",
        ]  # fmt: skip

    def get_late(self, case: Case) -> bool:
        return case.is_late(clock.now())


class OneCaseSerializer(CaseSerializer):
    """The same with its words; who reported it leaves masked."""

    reporter_name = serializers.SerializerMethodField()
    reporter_phone = serializers.SerializerMethodField()

    class Meta(CaseSerializer.Meta):
        fields = [*CaseSerializer.Meta.fields, "words", "place_words", "reply", "reporter_name", "reporter_phone"]

    def get_reporter_name(self, case: Case) -> str:
        return masks.mask_name(case.reporter_name) if case.reporter_name else ""

    def get_reporter_phone(self, case: Case) -> str:
        return masks.mask_phone(case.reporter_phone) if case.reporter_phone else ""


class NewCaseSerializer(serializers.Serializer[Any]):
    """What a new case is told with. Dwelling and heater by their numbers, if the caller sees them."""

    kind = serializers.ChoiceField(choices=Kind.choices)
    category = serializers.ChoiceField(choices=Category.choices)
    source = serializers.ChoiceField(choices=Source.choices)
    area = serializers.CharField(max_length=15)
    title = serializers.CharField(max_length=80)
    words = serializers.CharField(max_length=2000, required=False, default="")
    place_words = serializers.CharField(max_length=200, required=False, default="")
    reporter_name = serializers.CharField(max_length=40, required=False, default="")
    reporter_phone = serializers.CharField(max_length=30, required=False, default="")
    responsible = serializers.CharField(max_length=80, required=False, default="")
    company = serializers.CharField(
        max_length=30,
        required=False,
        default="",
        help_text="heating:<key> or energy:<key>; it sees the case",
    )
    dwelling_no = serializers.CharField(max_length=40, required=False, default="")
    heater = serializers.CharField(max_length=12, required=False, default="")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Kind, source and category that belong together, places and numbers the caller sees; every fault at once."""
        user, faults = self.context["request"].user, {}
        if given["source"] not in GROUP_OF[given["kind"]].sources:
            faults["source"] = ["Not a way in which this kind of case is reported."]
        area = Area.objects.visible_to(user).filter(code=given["area"]).first()
        given["programme"] = programme_at(area) if area else None
        if given["programme"] is None:
            faults["area"] = ["Unknown here, or no programme covers it."]
        given["area"] = area
        for name, rows, key in (("dwelling_no", Dwelling, "dwelling_no"), ("heater", Heater, "platform_no")):
            found = rows.objects.visible_to(user).filter(**{key: given[name]}).first() if given[name] else None
            if given[name] and found is None:
                faults[name] = ["Unknown here."]
            given[name] = found
        try:
            given["company"] = companies.company_of(given["company"], area.code if area else "", user)
        except Refused as refused:
            faults["company"] = [refused.sentence]
        if faults:
            raise serializers.ValidationError(faults)
        return given


class CaseRows(VisibleRows):
    """Complaints, tickets, hazards, coal cases and measures: those the caller reads, newest last. POST opens one."""

    model, serializer_class = Case, CaseSerializer
    required_right = " or ".join(dict.fromkeys([*(group.view for group in GROUPS.values()), OWN]))
    related = ("dwelling", "heater", "supplier", "outlet")
    lookup_field = "number"
    filterset_class = CaseFilter
    http_method_names = ["get", "head", "options", "post"]
    throttle_classes = [*VisibleRows.throttle_classes, Writes]

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return {"retrieve": OneCaseSerializer, "create": NewCaseSerializer}.get(self.action, CaseSerializer)

    @extend_schema(request=NewCaseSerializer, responses={201: OneCaseSerializer})
    def create(self, request: Request) -> Response:
        refuse_long(request)
        form = NewCaseSerializer(data=request.data, context={"request": request})
        form.is_valid(raise_exception=True)
        case = opened(dict(form.validated_data), request.user)
        return Response(OneCaseSerializer(case).data, status=201)


def opened(given: dict[str, Any], by: Any) -> Case:
    """The case; raises `Refusal`. Without the right over the place the answer is 403."""
    programme: Programme = given.pop("programme")
    area, dwelling, heater = given.pop("area"), given.pop("dwelling_no"), given.pop("heater")
    supplier = heater.device_model.supplier if heater else None
    opening = Opening(**given, dwelling=dwelling or (heater.dwelling if heater else None), heater=heater,
                      supplier=supplier)  # fmt: skip
    try:
        return open_case(programme=programme, area=area, opening=opening, by=by, now=clock.now())
    except Refused as refused:
        raise Refusal(refused) from refused


class PointSerializer(serializers.ModelSerializer[NetworkPoint]):
    """A point with its band and what it said last, in its own unit; null is “not known” or “no such limit”."""

    operator = serializers.CharField(source="operated_by")

    class Meta:
        model = NetworkPoint
        fields = ["code", "name", "kind", "unit", "area", "operator", "low", "high", "last_value", "last_at"]


class ValueSerializer(serializers.Serializer[Any]):
    """One value: `at` with its zone."""

    point = serializers.CharField(max_length=40)
    at = serializers.DateTimeField()
    value = serializers.DecimalField(max_digits=12, decimal_places=3)


class ValuesSerializer(serializers.Serializer[Any]):
    values = ValueSerializer(many=True, allow_empty=False, max_length=network.AT_ONCE)


class TakenSerializer(serializers.Serializer[Any]):
    """How many points spoke, and which of them have an alarm now."""

    points = serializers.IntegerField()
    alarms = serializers.ListField(child=serializers.CharField())


class NetworkValues(APIView):
    """GET: the points the caller sees. POST: values; told twice they are stored once, and alarms follow the band."""

    required_right = f"hazards.view or {network.REPORT}"
    filter_backends = ()
    throttle_classes = [*APIView.throttle_classes, Writes]

    @extend_schema(responses=PointSerializer(many=True))
    def get(self, request: Request) -> Response:
        rows = network.points_of(request.user, "hazards.view")  # type: ignore[arg-type]
        rows = rows.select_related("company__heating_company", "company__energy_company")
        return Response(PointSerializer(rows.order_by("code")[:1000], many=True).data)

    @extend_schema(request=ValuesSerializer, responses=TakenSerializer)
    def post(self, request: Request) -> Response:
        refuse_long(request)
        form = ValuesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = [network.Said(one["point"], one["at"], one["value"]) for one in form.validated_data["values"]]
        try:
            points = network.take_values(said=said, by=request.user, now=clock.now())  # type: ignore[arg-type]
        except Refused as refused:
            raise Refusal(refused) from refused
        codes = {one.code for one in said}
        loud = NetworkPoint.objects.filter(code__in=codes, alarms__cleared_at=None, alarms__isnull=False)
        return Response({"points": points, "alarms": sorted(loud.values_list("code", flat=True))})
