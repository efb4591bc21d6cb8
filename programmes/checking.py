"""What the checks of a programme's file share: rows in the types of the models, faults with their place in the file."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from accounts.models import Area
from core.areas import is_inside
from programmes.models import Programme

Values = dict[str, Any]


@dataclass
class Checked:
    """The file's content in the types of the models, with the faults met on the way."""

    programme: Programme
    rows: dict[str, list[Values]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def codes(self, name: str) -> set[Any]:
        """Codes of the rows of one list, e.g. of the technologies."""
        return {row.get("code") for row in self.rows.get(name, [])}

    def fault(self, place: str, words: str) -> None:
        self.problems.append(f"{place}: {words}")


def plain(value: Any) -> Any:
    """`value` as JSON holds it: days as text, keys as text."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def dicts_of(document: Values, name: str, checked: Checked) -> Iterator[tuple[str, Values]]:
    """(place in the file, values) of each entry of a list."""
    for number, values in enumerate(document.get(name) or [], 1):
        place = f"{name}[{number}]"
        if isinstance(values, dict):
            yield place, values
        else:
            checked.problems.append(_("%(place)s: keys and values are expected") % {"place": place})


def cleaned_rows(
    document: Values, name: str, model: type[models.Model], key: tuple[str, ...], checked: Checked
) -> list[Values]:
    """Entries of a list, each cleaned as a row of `model`; their keys must be different."""
    found = [cleaned(values, place, model, checked) for place, values in dicts_of(document, name, checked)]
    twice([tuple(row.get(part) for part in key) if len(key) > 1 else row.get(key[0]) for row in found], name, checked)
    return found


def cleaned(values: Values, place: str, model: type[models.Model], checked: Checked) -> Values:
    """`values` in the types of `model`; what is wrong with them is told."""
    row = instance_of(model, values, place, checked)
    clean(row, place, checked, exclude=["programme"])
    return {key: getattr(row, key) for key in values if hasattr(row, key)}


def instance_of(model: type[models.Model], values: Values, place: str, checked: Checked) -> models.Model:
    """An unsaved row; keys the model doesn't have are told."""
    names = {f.name for f in model._meta.concrete_fields if not f.is_relation} - {"id"}
    checked.problems += [f"{place}.{name}: {_('unknown key')}" for name in values if name not in names]
    return model(**{name: _exact(value) for name, value in values.items() if name in names})


def _exact(value: Any) -> Any:
    """80.3 as it is written, not as the nearest binary fraction."""
    return Decimal(str(value)) if isinstance(value, float) else value


def clean(row: models.Model, place: str, checked: Checked, exclude: Iterable[str] = ()) -> None:
    relations = {f.name for f in row._meta.concrete_fields if f.is_relation}
    try:
        row.clean_fields(exclude=relations | set(exclude))
    except ValidationError as error:
        for name, sentences in error.message_dict.items():
            checked.problems += [f"{place}.{name}: {sentence}" for sentence in sentences]


def twice(codes: list[Hashable], name: str, checked: Checked) -> None:
    """Tell keys that stand twice in a list."""
    doubles = sorted({str(code) for code in codes if codes.count(code) > 1})
    checked.problems += [_("%(name)s: “%(code)s” stands twice") % {"name": name, "code": code} for code in doubles]


def quantity_of(value: Any) -> Decimal | None:
    """A finite number as the file writes it, None for anything else (True and False are no numbers)."""
    try:
        number = Decimal("" if isinstance(value, bool) else str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def area_problems(code: str, place: str, programme: Programme, *, required: bool) -> list[str]:
    """What is wrong with a place named in the file: missing, unknown, or outside the programme."""
    if not code:
        return [_("%(place)s.area: a place is expected") % {"place": place}] if required else []
    if not Area.objects.filter(code=code).exists():
        return [_("%(place)s.area: the place %(code)s is unknown") % {"place": place, "code": code}]
    if programme.area_id and not is_inside(code, programme.area_id):
        return [_("%(place)s.area: %(code)s lies outside the programme's place") % {"place": place, "code": code}]
    return []


def upsert(model: type[Any], key: Values, values: Values) -> Any:
    """The row of that key with these values; untouched when it already has them, so that loading twice is silent."""
    lookup = {
        f"{name}__isnull" if value is None else name: True if value is None else value for name, value in key.items()
    }
    row = model.objects.filter(**lookup).first()
    if row is None:
        return model.objects.create(**key, **{name: value for name, value in values.items() if name not in key})
    different = [name for name, value in values.items() if getattr(row, name) != value]
    for name in different:
        setattr(row, name, values[name])
    if different:
        row.save(update_fields=[row._meta.get_field(name).name for name in different])
    return row


def remove_others(rows: Any, kept: list[int]) -> None:
    """The file is the whole list: a row it no longer has is taken out (and stays in the history)."""
    for row in rows.exclude(pk__in=kept):
        row.delete()
