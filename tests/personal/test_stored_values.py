"""What the database holds of a person, in tables and in history; moving it to a new key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import AuditEntry
from core import crypto
from core.checks import check_labels, own_models
from core.fields import EncryptedTextField
from core.labels import label_problems
from households.models import Household
from tests.canaries import seeded_in
from tests.personal.conftest import CARD, ID, PHONE, SEEDED, Place, make_household

pytestmark = pytest.mark.django_db


def whole_database() -> Iterator[str]:
    """Every row of every table as text, history included."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            yield from (row[0] for row in cursor.fetchall())


def test_no_table_holds_a_seeded_number_in_the_clear(place: Place) -> None:
    place.household.phone = "19900000148"
    place.household.save()
    rows = list(whole_database())
    assert any("张示例" in row for row in rows)  # the scan does see rows
    assert [seeded_in(row, [*SEEDED, "19900000148"]) for row in rows if seeded_in(row, [*SEEDED, "19900000148"])] == []


def test_values_read_back_and_an_unchanged_save_writes_no_history(place: Place) -> None:
    household = Household.objects.get(pk=place.household.pk)
    assert (household.id_number, household.phone, household.bank_card) == (ID, PHONE, CARD)
    before = AuditEntry.objects.count()
    household.save()
    assert AuditEntry.objects.count() == before
    household.phone = "19900000149"
    household.save()
    assert set(AuditEntry.objects.latest("id").after) == {"phone"}


def test_an_encrypted_field_cannot_be_searched(place: Place) -> None:
    with pytest.raises(FieldError, match="blind index"):
        Household.objects.filter(phone=PHONE).exists()
    assert Household.objects.filter(id_number_index=place.household.id_number_index).count() == 1


def test_every_text_field_of_every_model_is_labelled() -> None:
    assert [error.msg for error in check_labels()] == []
    assert len(own_models()) > 30


def test_the_check_sees_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {**Household.data_labels, "no_such": "L0", "remark": "secret", "head_name": "L4"}
    del labels["household_no"]
    monkeypatch.setattr(Household, "data_labels", labels)
    found = {(problem.field, problem.what) for problem in label_problems(Household)}
    assert found == {
        ("household_no", "unlabelled"),
        ("no_such", "unknown_field"),
        ("remark", "unknown_level"),
        ("head_name", "not_encrypted"),
    }


@pytest.fixture
def two_keys(tmp_path: Path, settings: Any) -> Iterator[Path]:
    (tmp_path / "field_key_1").write_text("first key " * 5)
    (tmp_path / "blind_index_key").write_text("index key " * 5)
    settings.SECRETS_DIR = tmp_path
    crypto.forget_keys()
    yield tmp_path
    crypto.forget_keys()


def test_rotation_moves_every_value_to_the_new_key_and_cipher(two_keys: Path, place: Place, settings: Any) -> None:
    for number in range(7):
        make_household(place.household.area, f"N-{number}", f"37099919800101{number:03d}X")
    (two_keys / "field_key_2").write_text("second key " * 5)
    settings.FIELD_CIPHER = "SM4-GCM"
    crypto.forget_keys()
    out = StringIO()
    call_command("rotate_keys", batch=3, stdout=out)
    assert re.search(r"households_household\.phone\D+8\D", out.getvalue())
    (two_keys / "field_key_1").unlink()
    crypto.forget_keys()
    assert {household.phone for household in Household.objects.all()} == {PHONE}
    assert isinstance(Household._meta.get_field("phone"), EncryptedTextField)


def test_rotation_without_the_old_key_says_so_and_changes_nothing(two_keys: Path, place: Place) -> None:
    (two_keys / "field_key_1").rename(two_keys / "field_key_2")
    crypto.forget_keys()
    with pytest.raises(CommandError, match="Field key '1'"):
        call_command("rotate_keys", stdout=StringIO())
