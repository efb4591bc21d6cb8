"""A database on which the portal would work wrongly is refused at the start, in a sentence that says what to do."""

import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder

from heating_portal.management.commands.check_database import problems, unknown_steps

pytestmark = pytest.mark.django_db


def test_the_database_of_the_tests_is_fit() -> None:
    assert problems() == []


def test_a_database_of_another_version_is_refused_with_the_step_that_is_missing_here() -> None:
    MigrationRecorder.Migration.objects.create(app="households", name="0099_from_the_future")
    MigrationRecorder.Migration.objects.create(app="an_app_taken_out", name="0001_initial")
    assert unknown_steps() == ["households.0099_from_the_future"]
    with pytest.raises(CommandError, match=r"households\.0099_from_the_future"):
        call_command("check_database")
