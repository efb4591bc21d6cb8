"""The household's file over the API: the same facts as its page, masked, and one full number at a time for a reason."""

from __future__ import annotations

from typing import Any, cast

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import reveal
from accounts.access import get_visible_or_404
from accounts.models import User
from core import clock, masks
from core.refusals import Refused
from core.together import in_step, read
from households.models import Dwelling
from reports.queries import household_file as queries
from reports.queries.household_care import Care, care_of

TABLE = "households.household"
FIELDS = ("id_number", "phone", "bank_card")


class StageSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    state = serializers.ChoiceField(["did", "now", ""], help_text="did, now, or empty for what is still to come")
    at = serializers.DateField(allow_null=True)


class PaperSerializer(serializers.Serializer[Any]):
    """One of the fourteen documents. `owed_by` is empty where the programme does not ask for it."""

    paper = serializers.CharField()
    title = serializers.CharField()
    there = serializers.BooleanField()
    required = serializers.BooleanField()
    missing = serializers.BooleanField()
    owed_by = serializers.CharField(allow_blank=True)
    files = serializers.IntegerField()


class MoneySerializer(serializers.Serializer[Any]):
    """One benefit in fen; `amount_fen` is null where the policy defines none: undefined is not zero."""

    benefit = serializers.CharField()
    title = serializers.CharField()
    period = serializers.CharField()
    state = serializers.CharField()
    amount_fen = serializers.IntegerField(allow_null=True)
    sources = serializers.DictField(child=serializers.IntegerField())
    payee = serializers.CharField(allow_blank=True)
    bank_card = serializers.CharField(allow_blank=True)
    paid_on = serializers.DateField(allow_null=True)


class FileHeaterSerializer(serializers.Serializer[Any]):
    platform_no = serializers.CharField()
    factory_no = serializers.CharField()
    installed_on = serializers.DateField(allow_null=True)
    heard_at = serializers.DateTimeField(allow_null=True)


class FileCaseSerializer(serializers.Serializer[Any]):
    """A case about the home: repair, complaint, hazard, coal relapse, measure. Sensitive ones ask for a right more."""

    number = serializers.CharField()
    kind = serializers.CharField()
    category = serializers.CharField(allow_blank=True)
    title = serializers.CharField()
    state = serializers.CharField()
    opened_at = serializers.DateTimeField()


class HeatFeeSerializer(serializers.Serializer[Any]):
    """One season's account with the heating company, in fen; owing is charged less reduced less received."""

    season = serializers.CharField()
    charged_fen = serializers.IntegerField()
    received_fen = serializers.IntegerField()
    owing_fen = serializers.IntegerField()


class CoalSaleSerializer(serializers.Serializer[Any]):
    sold_on = serializers.DateField()
    kg = serializers.IntegerField()
    amount_fen = serializers.IntegerField()


class EventSerializer(serializers.Serializer[Any]):
    """One line of what happened, newest first, also what the heater reported and was told; `bad` asks for a look."""

    on = serializers.DateField()
    title = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    bad = serializers.BooleanField()


class DepartureSerializer(serializers.Serializer[Any]):
    """Which row of which stamped page the register no longer agrees with."""

    version = serializers.IntegerField()
    page = serializers.IntegerField(allow_null=True)
    row = serializers.IntegerField()


class FileMeterSerializer(serializers.Serializer[Any]):
    number = serializers.CharField()
    carrier = serializers.CharField(help_text="electricity or gas")
    is_shared = serializers.BooleanField()


class OpenChangeSerializer(serializers.Serializer[Any]):
    """The request for a change of an approved home that waits for the level above."""

    number = serializers.CharField()
    kind = serializers.CharField()
    asked_at = serializers.DateTimeField()


class HouseholdFileSerializer(serializers.Serializer[Any]):
    """Facts, progress, documents with what is missing and who owes it, money, heater, cases, supply, what happened.

    Personal numbers are masked. `money` is null for who may not read amounts there; `heater` is null where none hangs,
    `departure` where the stamped page still agrees, `open_change` where no change waits. Of cases, heat fees and coal
    sales stand the newest five that the person may read.
    """

    dwelling_no = serializers.CharField()
    household_no = serializers.CharField()
    programme = serializers.CharField(allow_blank=True)
    area = serializers.CharField()
    area_name = serializers.CharField()
    head_name = serializers.CharField()
    id_number = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)
    bank_card = serializers.CharField(allow_blank=True)
    account_holder = serializers.CharField()
    residents = serializers.IntegerField(allow_null=True)
    heated_area_m2 = serializers.DecimalField(8, 2, allow_null=True)
    dwelling_type = serializers.CharField(allow_blank=True)
    old_heating = serializers.CharField(allow_blank=True)
    meter_no = serializers.CharField(allow_blank=True)
    meter_is_individual = serializers.BooleanField(allow_null=True)
    meters = FileMeterSerializer(many=True)
    beneficiary_classes = serializers.ListField(child=serializers.CharField())
    other_dwellings = serializers.ListField(child=serializers.CharField())
    exclusion = serializers.CharField(allow_blank=True)
    departure = DepartureSerializer(allow_null=True)
    open_change = OpenChangeSerializer(allow_null=True)
    progress = StageSerializer(many=True)
    documents = PaperSerializer(many=True)
    money = MoneySerializer(many=True, allow_null=True)
    heater = FileHeaterSerializer(allow_null=True)
    cases = FileCaseSerializer(many=True)
    heat_fees = HeatFeeSerializer(many=True)
    coal_sales = CoalSaleSerializer(many=True)
    events = EventSerializer(many=True)


class RevealWish(serializers.Serializer[Any]):
    field = serializers.ChoiceField(FIELDS)
    reason = serializers.ChoiceField([code for code, _words in reveal.REASONS])


class RevealedNumber(serializers.Serializer[Any]):
    field = serializers.CharField()
    value = serializers.CharField()


class HouseholdFileView(APIView):
    """The file of one dwelling, in the newest programme it takes part in."""

    required_right = "households.view"

    @extend_schema(responses=HouseholdFileSerializer)
    def get(self, request: Request, dwelling_no: str) -> Response:
        user = cast(User, request.user)
        dwelling = _dwelling(user, dwelling_no)
        file, care = read(in_step(queries.file_reading(dwelling, None, user), care_of(dwelling, user)))
        values = {**_values(file), **_care(file, care)}
        return Response(HouseholdFileSerializer(values).data, headers={"Cache-Control": "no-store"})


class HouseholdRevealView(APIView):
    """One full number of a household, for a reason, written down before it leaves; counted with those of the pages."""

    required_right = reveal.RIGHT

    @extend_schema(request=RevealWish, responses=RevealedNumber)
    def post(self, request: Request, dwelling_no: str) -> Response:
        user = cast(User, request.user)
        dwelling = _dwelling(user, dwelling_no)
        wish = RevealWish(data=request.data)
        wish.is_valid(raise_exception=True)
        field = wish.validated_data["field"]
        try:
            shown = reveal.reveal(
                table=TABLE, pk=str(dwelling.household_id), field=field, by=user,
                reason=wish.validated_data["reason"], address=request.META.get("REMOTE_ADDR"),
            )  # fmt: skip
        except Refused as refusal:
            return Response({"code": refusal.code, "detail": refusal.sentence}, status=refusal.status)
        return Response({"field": field, "value": shown.value}, headers={"Cache-Control": "no-store"})


def _dwelling(user: User, dwelling_no: str) -> Dwelling:
    rows = Dwelling.objects.select_related("household", "area__parent")
    return cast(Dwelling, get_visible_or_404(rows, user, dwelling_no=dwelling_no))


def _values(file: queries.HouseholdFile) -> dict[str, Any]:
    home, family = file.dwelling, file.dwelling.household
    return {
        "dwelling_no": home.dwelling_no, "household_no": family.household_no,
        "programme": file.programme.name if file.programme else "", "area": home.area_id, "area_name": home.area.name,
        "head_name": family.head_name, "id_number": masks.mask_id(str(family.id_number)),
        "phone": masks.mask_phone(str(family.phone)), "bank_card": masks.mask_card(str(family.bank_card)),
        "account_holder": family.payee_name, "residents": family.residents, "heated_area_m2": home.heated_area_m2,
        "dwelling_type": home.dwelling_type, "old_heating": home.old_heating, "meter_no": home.meter_no,
        "meter_is_individual": home.meter_is_individual, "beneficiary_classes": family.beneficiary_classes,
        "other_dwellings": [other.dwelling_no for other in file.panel.other_dwellings],
        "exclusion": home.exclusion, "departure": _departure(file),
        "progress": [_stage(one) for one in queries.stages_of(file, clock.today())],
        "documents": [_paper(one) for one in queries.papers_of(file)],
        "money": [_money(one) for one in file.money] if file.sees_money else None, "heater": _heater(file),
    }  # fmt: skip


def _care(file: queries.HouseholdFile, care: Care) -> dict[str, Any]:
    events = queries.newest_first([*queries.events_of(file), *care.events])
    return {"cases": care.cases, "heat_fees": care.accounts, "coal_sales": care.sales, "meters": care.meters,
            "open_change": care.open_change, "events": [_event(one) for one in events]}  # fmt: skip


def _event(event: queries.Event) -> dict[str, Any]:
    return {"on": event.day, "title": event.title, "note": event.note or "", "bad": event.look == "bad"}


def _departure(file: queries.HouseholdFile) -> dict[str, Any] | None:
    one = file.stamped.departure if file.stamped else None
    if one is None:
        return None
    return {"version": one.roster.version_no, "page": one.page.page_no if one.page else None, "row": one.row_no}


def _stage(stage: queries.Stage) -> dict[str, Any]:
    at = stage.note if stage.state == "did" else None
    return {"title": stage.title, "state": stage.state, "at": timezone.localdate(at) if hasattr(at, "hour") else at}


def _paper(line: queries.PaperLine) -> dict[str, Any]:
    owes = str(line.asked.get_owed_by_display()) if line.asked else ""
    return {
        "paper": line.paper.value, "title": str(line.title), "there": line.there, "required": line.asked is not None,
        "missing": line.is_missing, "owed_by": owes, "files": len(line.files),
    }  # fmt: skip


def _money(line: queries.MoneyLine) -> dict[str, Any]:
    paid = line.payment if line.payment and line.payment.state == "paid" else None
    return {
        "benefit": line.due.benefit, "title": line.title, "period": line.due.period, "state": line.due.state,
        "amount_fen": line.due.amount_fen, "sources": {str(name): fen for name, fen in line.sources},
        "payee": paid.payee_name if paid else "", "bank_card": masks.mask_card(str(paid.bank_card)) if paid else "",
        "paid_on": timezone.localdate(paid.settled_at) if paid and paid.settled_at else None,
    }  # fmt: skip


def _heater(file: queries.HouseholdFile) -> dict[str, Any] | None:
    heater = file.heater
    if heater is None:
        return None
    latest = getattr(heater, "latest", None)
    return {"platform_no": heater.platform_no, "factory_no": heater.factory_no, "installed_on": heater.installed_on,
            "heard_at": latest.at if latest else None}  # fmt: skip
