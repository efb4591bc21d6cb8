"""A migration step that installs every trigger of its app at once.

`AddTrigger` of the library renders all models anew for each trigger: with a hundred and seventy of them that was most
of the time a new database took. In a first migration the triggers stand among the options of `CreateModel`, and this
step, the last one, writes them into the database; later triggers come by `AddTrigger` as usual.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class InstallTriggers(Operation):
    """Forwards: install what the options of the app's models name. Backwards: uninstall it."""

    reduces_to_sql = True
    reversible = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing: the triggers are in the state already."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for trigger in triggers_of(app_label, to_state):
            schema_editor.execute(trigger.install_sql, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for trigger in triggers_of(app_label, from_state):
            schema_editor.execute(trigger.uninstall_sql, params=None)

    def describe(self) -> str:
        return "Install the triggers of the app's models"


def triggers_of(app_label: str, state: ProjectState) -> list[Any]:
    models = [model for (app, _name), model in sorted(state.models.items()) if app == app_label]
    return [trigger for model in models for trigger in model.options.get("triggers", ())]
