"""The trigger that writes history, and those that keep it from being rewritten.

One trigger per table, for each row: for updates measured as fast as statement triggers (docs/decisions) and without
their trap, a cached plan for one row that later joins thirty thousand. Tables that are filled by thousands write the
entries of an INSERT in one statement beside it; that joins nothing.
"""

from __future__ import annotations

import json
from typing import Any

import pgtrigger
from django.apps import apps
from django.db import models

from accounts.history.places import area_sql

TRIGGER_NAME = "history"
SEAL_COLUMNS = ("seq", "prev_hash", "hash")
HIDDEN_VALUE = "***"  # stands in the history for a secret that changed

# Each table's function only gathers the row; `accounts_record_change` (a function of its own, written in accounts'
# migrations) judges and writes, so that a new way of writing history is one migration and not one per app.
_RECORD = """
IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD){minus}; END IF;
IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW){minus}; END IF;
PERFORM accounts_record_change({table}, TG_OP, {pk}, row_old, row_new, {secret}, {area});
RETURN NULL;
"""
_UNLESS_KEPT = "IF TG_OP = 'UPDATE' AND ({new}) IS NOT DISTINCT FROM ({old}) THEN RETURN NULL; END IF;\n"


class HistoryTrigger(pgtrigger.Trigger):
    """Writes one `AuditEntry` per changed row; refuses a change nobody is named for.

    Read from the model: `history_exclude` (columns that are bookkeeping, not business) and `data_labels` (a column
    labelled L4 that is not encrypted, such as a password hash, is recorded as changed but never by value). The entry's
    place is the row's own area or that of the record it is part of (`accounts.history.places`).
    """

    when = pgtrigger.After
    operation = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete
    declare = [("row_old", "jsonb"), ("row_new", "jsonb")]

    def get_func(self, model: Any) -> str:
        model = _real(model)
        sql = _RECORD.format(
            minus=_minus(excluded_columns(model)),
            secret=_array(_secret_columns(model)),
            table=_text(model._meta.db_table),
            pk=_text(model._meta.pk.column),
            area=area_sql(model),
        )
        return self.format_sql(sql)


class ChangesTrigger(HistoryTrigger):
    """For rows that a machine makes from a file that is kept: history holds what people change in them.

    Read from the model: `history_of`, the fields people change. A row's making, and what a machine writes into its
    other columns, is proven by the file and by the history of what was made from it. Deleting a row is written.
    """

    def get_func(self, model: Any) -> str:
        columns = _columns_of_people(_real(model))
        if str(self.operation) != str(changes_trigger(*columns).operation):
            raise ValueError(f"{model._meta.label}: history_of and the trigger name different columns")
        new, old = (", ".join(f'{row}."{column}"' for column in columns) for row in ("NEW", "OLD"))
        return f"{self.format_sql(_UNLESS_KEPT.format(new=new, old=old))} {super().get_func(model)}"


# A statement's rows in one INSERT. It stands in the table's own function, because only that one sees the new rows.
_RECORD_INSERTS = """
IF NOT EXISTS (SELECT FROM made) THEN RETURN NULL; END IF;
acting := accounts_acting(TG_OP, {table});
acting_id := (acting->>'actor_id')::bigint;
acting_name := left(acting->>'actor_name', 80);
acting_request := COALESCE(left(acting->>'request_id', 64), '');
acting_reason := COALESCE(left(acting->>'reason', 300), '');
INSERT INTO accounts_auditentry
    (at, "table", row_pk, operation, before, after, actor_id, actor_name, request_id, reason, area_id)
SELECT clock_timestamp(), {table}, made.{pk}::text, 'I', NULL, to_jsonb(made){minus}{hidden}, acting_id, acting_name,
    acting_request, acting_reason, COALESCE({area}, '')
FROM made;
RETURN NULL;
"""


class InsertsTrigger(HistoryTrigger):
    """Writes the entries of all rows of one INSERT together: the same entries as row by row for half the work.

    For tables that are filled by thousands. It stands beside a `HistoryTrigger` of the other operations, see
    `bulk_history_triggers`.
    """

    level = pgtrigger.Statement
    operation = pgtrigger.Insert
    referencing = pgtrigger.Referencing(new="made")
    # Columns of the table are written with its name, so that none is taken for one of these.
    declare = [
        ("acting", "jsonb"), ("acting_id", "bigint"),
        *((f"acting_{what}", "text") for what in ("name", "request", "reason")),
    ]  # fmt: skip

    def get_func(self, model: Any) -> str:
        model = _real(model)
        sql = _RECORD_INSERTS.format(
            minus=_minus(excluded_columns(model)),
            hidden=_hidden([name for name in _secret_columns(model) if name not in excluded_columns(model)]),
            table=_text(model._meta.db_table),
            pk=f'"{model._meta.pk.column}"',
            area=area_sql(model, rows="made"),
        )
        return self.format_sql(sql)


def history_trigger() -> HistoryTrigger:
    """For `Meta.triggers`; `accounts.records.TrackedModel` has it already."""
    return HistoryTrigger(name=TRIGGER_NAME)


def changes_trigger(*columns: str) -> ChangesTrigger:
    """For `Meta.triggers` of a model with `history_of`, instead of the one it inherits; `columns` are those of its
    fields. A statement that does not name one of them can't change it, and does not call the trigger.
    """
    return ChangesTrigger(name=TRIGGER_NAME, operation=pgtrigger.UpdateOf(*columns) | pgtrigger.Delete)


def bulk_history_triggers() -> list[pgtrigger.Trigger]:
    """For `Meta.triggers` of a table that is filled by thousands, instead of what it inherits."""
    others = HistoryTrigger(name=TRIGGER_NAME, operation=pgtrigger.Update | pgtrigger.Delete)
    return [others, InsertsTrigger(name=f"{TRIGGER_NAME}_made")]


def tracked(model: type[models.Model]) -> type[models.Model]:
    """Class decorator for a model that can't inherit `TrackedModel`."""
    pgtrigger.register(history_trigger())(model)
    return model


def history_triggers(model: type[models.Model]) -> list[HistoryTrigger]:
    """Those that write the model's history: one, or two where it is filled by thousands."""
    return [trigger for trigger in getattr(model._meta, "triggers", ()) if isinstance(trigger, HistoryTrigger)]


def is_tracked(model: type[models.Model]) -> bool:
    return bool(history_triggers(model))


def append_only(*, truncate: bool = True) -> list[pgtrigger.Trigger]:
    """Triggers that refuse UPDATE, DELETE and TRUNCATE on a table of facts."""
    operations = pgtrigger.Update | pgtrigger.Delete
    made: list[pgtrigger.Trigger] = [pgtrigger.Protect(name="append_only", operation=operations)]
    return [*made, refuse_truncate()] if truncate else made


def refuse_truncate() -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="no_truncate",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'history: % may not be truncated', TG_TABLE_NAME;",
    )


class SealOnce(pgtrigger.Trigger):
    """An entry may be changed once, by the sealer, and then only in its seal."""

    when = pgtrigger.Before
    operation = pgtrigger.Update

    def get_func(self, model: Any) -> str:
        kept = [field.column for field in model._meta.fields if field.column not in SEAL_COLUMNS]
        old, new = (", ".join(f'{row}."{column}"' for column in kept) for row in ("OLD", "NEW"))
        return self.format_sql(f"""
            IF OLD.hash IS NOT NULL OR NEW.hash IS NULL OR ({new}) IS DISTINCT FROM ({old}) THEN
                RAISE EXCEPTION 'history: entry % may not be changed', OLD.id;
            END IF;
            RETURN NEW;
        """)


def history_guards() -> list[pgtrigger.Trigger]:
    """For `AuditEntry` itself: only triggers insert, only the sealer seals, nobody deletes."""
    return [
        pgtrigger.Trigger(
            name="born_of_trigger",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            # A condition is judged before the trigger counts itself, and without calling a function for each entry.
            condition=pgtrigger.Condition("pg_trigger_depth() < 1 OR NEW.hash IS NOT NULL"),
            func="RAISE EXCEPTION 'history: entries are written by triggers only';",
        ),
        SealOnce(name="seal_once"),
        pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
        refuse_truncate(),
    ]


def _real(model: Any) -> Any:
    """The model as written: migrations hand over a copy that lacks our class attributes."""
    try:
        return apps.get_model(model._meta.label)
    except LookupError:  # deleted since; its trigger goes with it
        return model


def starts_at_change(model: Any) -> bool:
    """Whether a row has history only once a person changed it."""
    return bool(getattr(model, "history_of", ()))


def _columns_of_people(model: Any) -> list[str]:
    return [model._meta.get_field(name).column for name in model.history_of]


def excluded_columns(model: Any) -> list[str]:
    """Columns that are bookkeeping and no history."""
    if starts_at_change(model):
        kept = {model._meta.pk.column, *_columns_of_people(model)}
        return [field.column for field in model._meta.concrete_fields if field.column not in kept]
    return [model._meta.get_field(name).column for name in getattr(model, "history_exclude", ())]


def _secret_columns(model: Any) -> list[str]:
    """Columns labelled L4 whose value is not already an envelope."""
    labels = getattr(model, "data_labels", {})
    fields = [field for field in model._meta.fields if labels.get(field.name) == "L4"]
    return [field.column for field in fields if not getattr(field, "encrypted", False)]


def _minus(columns: list[str]) -> str:
    return f" - {_array(columns)}" if columns else ""


def _hidden(columns: list[str]) -> str:
    return f" || {_text(json.dumps(dict.fromkeys(columns, HIDDEN_VALUE)))}::jsonb" if columns else ""


def _array(columns: list[str]) -> str:
    return f"ARRAY[{', '.join(map(_text, columns))}]::text[]" if columns else "NULL"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
