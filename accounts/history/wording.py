"""What stands in an entry as people read it: titles of columns, values, who acted and why.

Columns whose field has no title of its own are worded under the context “column” (`locale/parts/columns.po`).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.history.naming import Names
from core.templatetags.portal_figures import yuan_words

FEN = "_fen"


def title_of(field: models.Field[Any, Any] | None, column: str) -> str:
    """The field's own title, otherwise its name in words; money is shown in yuan, so the unit is left out.

    A column that is gone since keeps its name.
    """
    if field is None:
        return column.replace("_", " ")
    own = field.verbose_name
    return str(own) if isinstance(own, Promise) else pgettext("column", str(own).removesuffix(" fen"))


def told(field: Any, value: Any, names: Names) -> Any:
    """One stored value in words; None stays None."""
    if value is None or field is None:
        return value
    if isinstance(value, list):
        return "、".join(str(told(getattr(field, "base_field", field), one, names)) for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {one}" for key, one in value.items())
    if field.is_relation:
        return _called(field.related_model, value, names)
    return _plain(field, value)


def _called(model: Any, key: Any, names: Names) -> Any:
    return names.note(model, key) if hasattr(model, "history_name") else key


def _plain(field: Any, value: Any) -> Any:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(field, models.DateTimeField):
        return _local(value)
    if field.name and field.name.endswith(FEN) and isinstance(value, int):
        return yuan_words(value)
    return dict(field.flatchoices).get(value, value)


def _local(stored: str) -> str:
    """A stored moment in local time: 2021-11-01T01:30:00+00:00 is 2021-11-01 09:30:00."""
    moment: dt.datetime | None = parse_datetime(stored)
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else stored
