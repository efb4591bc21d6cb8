"""Steps of migrations that do not render every model anew.

After each new model Django renders all that are related to it, which here are nearly all; `AddTrigger` of the trigger
library does so for each trigger. With a hundred and seventy models that was most of the time a new database took. A
new model is not referred to yet and a trigger changes no class, so the state after these steps is the same.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from pgtrigger.compiler import Trigger as Compiled
from pgtrigger.migrations import AddTrigger as LibraryAddTrigger
from pgtrigger.migrations import RemoveTrigger as LibraryRemoveTrigger


class CreateModel(migrations.CreateModel):
    """Django's, but that only the new model is rendered."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """As Django does it, without rendering the models the new one refers to."""
        made = ModelState(
            app_label,
            self.name,
            [*self.fields],
            dict(self.options or {}),
            tuple(self.bases or ()),
            list(self.managers or ()),
        )
        rendered = state.__dict__.pop("apps", None)  # add_model renders related models where any are rendered
        state.add_model(made)
        if rendered is not None:
            state.__dict__["apps"] = rendered
            rendered.render_multiple([made])


class AddTrigger(LibraryAddTrigger):
    """The library's, but that no model is rendered: installing needs only the compiled text."""

    trigger: Compiled  # as migrations are written; the library also takes triggers that are not compiled yet

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The trigger stands among the model's options."""
        options = state.models[app_label, self.model_name].options
        options["triggers"] = [*options.get("triggers", ()), self.trigger]

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        schema_editor.execute(self.trigger.install_sql, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        schema_editor.execute(self.trigger.uninstall_sql, params=None)


class RemoveTrigger(LibraryRemoveTrigger):
    """The library's, but that no model is rendered."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The trigger no longer stands among the model's options."""
        options = state.models[app_label, self.model_name].options
        options["triggers"] = [one for one in options["triggers"] if one.name != self.name]

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        schema_editor.execute(self._trigger(app_label, from_state).uninstall_sql, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        schema_editor.execute(self._trigger(app_label, to_state).install_sql, params=None)

    def _trigger(self, app_label: str, state: ProjectState) -> Any:
        found = state.models[app_label, self.model_name].options["triggers"]
        return next(one for one in found if one.name == self.name)


class InstallTriggers(Operation):
    """Forwards: install what the options of the app's models name, at once. Backwards: uninstall it.

    The last step of a first migration, whose triggers stand among the options of `CreateModel`.
    """

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
