"""Every entry stands where its record belongs, also when the table has no area of its own."""

from __future__ import annotations

import pytest
from django.apps import apps

from accounts.history import queries
from accounts.history.places import has_place, part_of
from accounts.models import AuditEntry, SavedView
from core import clock
from core.checks import own_models
from households.models import Roster, RosterSeal
from programmes.models import Clause, PolicyDocument
from tests import people

pytestmark = pytest.mark.django_db
WITHOUT_PLACE = {
    "accounts.User": "a person may work in many places; only the audit administrator reads it",
    "accounts.SignIn": "as its person",
    "accounts.Membership": "as its person; the organisation may work in many places",
    "accounts.SavedView": "a private bookmark",
    "accounts.Selection": "a private list of ticks, gone after 30 minutes",
    "accounts.TOTPDevice": "as its person",
    "accounts.HistoryCheck": "a reading of the whole history",
    "devices.Supplier": "a catalogue for all places",
    "devices.RegisterProfile": "a catalogue for all places",
    "devices.DeviceModel": "a catalogue for all places",
    "devices.DockingTest": "a model's test, for all places",
    "devices.DockingCertificate": "as its test",
    "retrofits.Product": "what a device model shows, for all places",
    "retrofits.Qualification": "a firm's certificate, for all places",
}


def seal_in(village: str) -> RosterSeal:
    programme, signer = people.programme(), people.user("village_staff", village)
    roster = Roster.objects.create(programme=programme, area_id=village, prepared_by=signer)
    return RosterSeal.objects.create(
        roster=roster, level="village", signer=signer, person_no=signer.person_no, content_hash="0" * 64, at=clock.now()
    )


def clause() -> Clause:
    """Two steps from its place: clause → document → programme."""
    document = PolicyDocument.objects.create(programme=people.programme(), number="T-1", title="办法")
    return Clause.objects.create(document=document, ref="1", quotation="条款")


def test_every_table_without_a_place_is_written_down_with_its_reason() -> None:
    tables = [model for model in own_models() if getattr(model._meta, "triggers", None)]
    homeless = {model._meta.label for model in tables if not has_place(model)}
    assert homeless - {"accounts.AuditEntry"} == set(WITHOUT_PLACE)


@pytest.mark.parametrize(
    ("label", "parent"),
    [
        ("households.RosterRow", "roster"),
        ("households.RosterSeal", "roster"),
        ("households.ImportRow", "roster_import"),
        ("retrofits.CostItem", "installation"),
        ("subsidies.EntitlementLine", "entitlement"),
        ("subsidies.BatchSignature", "batch"),
        ("programmes.Clause", "document"),
    ],
)
def test_a_part_follows_the_record_it_is_part_of(label: str, parent: str) -> None:
    field = part_of(apps.get_model(label))
    assert field is not None
    assert field.name == parent


def test_creating_changing_and_deleting_a_part_are_written_in_its_place() -> None:
    made = clause()
    made.quotation = "新条款"
    made.save()
    made.delete()
    found = AuditEntry.objects.filter(table="programmes_clause").order_by("id")
    assert [(entry.operation, entry.area_id) for entry in found] == [("I", "370999"), ("U", "370999"), ("D", "370999")]


def test_a_record_deleted_with_its_parts_leaves_them_in_its_place() -> None:
    document = clause().document
    document.delete()
    last = AuditEntry.objects.filter(operation="D").order_by("id")
    assert [(entry.table, entry.area_id) for entry in last] == [
        ("programmes_clause", "370999"),
        ("programmes_policydocument", "370999"),
    ]


def test_a_town_auditor_sees_the_parts_of_his_town_and_no_others() -> None:
    here, there = seal_in("370999001001"), seal_in("370999002001")
    for town, own in (("370999001", here), ("370999002", there)):
        seen = queries.log_for(people.user("auditor", town)).filter(table="households_rosterseal")
        assert [entry.row_pk for entry in seen] == [str(own.pk)]


def test_private_bookmarks_are_in_no_auditors_log() -> None:
    SavedView.objects.create(owner=people.user("office", "370911"), page="households", name="张示例", query="q=x")
    assert AuditEntry.objects.filter(table="accounts_savedview").exists()
    assert not queries.log_for(people.user("auditor", "37")).filter(table="accounts_savedview").exists()
