"""Where a row belongs: its own area, or that of the record it is part of.

A seal belongs where its roster does, a cost where its installation does. The place is looked up while the entry is
written, one key look-up per step, because later the record may be elsewhere or gone.
"""

from __future__ import annotations

from typing import Any

from django.db import models


def area_sql(model: Any, rows: str = "") -> str:
    """SQL for the place inside a row trigger, or of each of the new `rows`; NULL for tables that belong to no place."""
    column = _own_column(model)
    if column:
        return _changed(column, rows)
    parent = part_of(model)
    return _looked_up(parent.related_model, _changed(parent.column, rows), 1) if parent else "NULL"


def has_place(model: Any) -> bool:
    return area_sql(model) != "NULL"


def part_of(model: Any) -> models.ForeignKey[Any, Any] | None:
    """The first required reference to a record that has a place; tables without an area of their own follow it.

    A model whose first reference is the wrong one names the right one in `history_part_of`.
    """
    named = getattr(model, "history_part_of", "")
    fields = [model._meta.get_field(named)] if named else model._meta.fields
    found = (field for field in fields if _leads_on(model, field))
    return next(found, None)


def _leads_on(model: Any, field: Any) -> bool:
    if not isinstance(field, models.ForeignKey) or field.null or field.related_model is model:
        return False
    parent = field.related_model
    return bool(_own_column(parent) or part_of(parent))


def _own_column(model: Any) -> str:
    """The table's column with an area code: `area_id`, or the key where the table is the tree of areas."""
    column: str = getattr(model, "history_area_column", "area_id")
    return column if column in {field.column for field in model._meta.fields} else ""


def _changed(column: str, rows: str = "") -> str:
    """NEW is null when a row is deleted, OLD when it is inserted."""
    return f'{rows}."{column}"' if rows else f'COALESCE(NEW."{column}", OLD."{column}")'


def _looked_up(model: Any, key: str, depth: int) -> str:
    alias, column, parent = f"p{depth}", _own_column(model), part_of(model)
    if column or parent is None:
        wanted = f'{alias}."{column}"'
    else:
        wanted = _looked_up(parent.related_model, f'{alias}."{parent.column}"', depth + 1)
    table, key_column = model._meta.db_table, model._meta.pk.column
    return f'(SELECT {wanted} FROM "{table}" {alias} WHERE {alias}."{key_column}" = {key})'  # noqa: S608
