"""Write docs/models/: one page per table, made from the models, so that the manual can't drift from the code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models
from django.utils import translation

APPS = [
    "accounts",
    "jobs",
    "programmes",
    "households",
    "devices",
    "telemetry",
    "retrofits",
    "subsidies",
    "heatsupply",
    "supervision",
    "reports",
]
FOLDER = Path(settings.BASE_DIR) / "docs" / "models"


class Command(BaseCommand):
    help = "Write one page per model to docs/models; --check only tells whether they are up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        wanted = pages()
        present = {path.name: path.read_text() for path in FOLDER.glob("*.md")}
        if check:
            stale = sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))
            if stale:
                raise CommandError(f"Out of date: {', '.join(stale)}. Run ./portal document_models.")
            return
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in present.keys() - wanted.keys():
            (FOLDER / name).unlink()
        for name, text in wanted.items():
            (FOLDER / name).write_text(text)


def pages() -> dict[str, str]:
    """File name → text of every page, the contents page included."""
    with translation.override("en"):
        tables = [model for label in APPS for model in apps.get_app_config(label).get_models()]
        made = {f"{model._meta.app_label}-{model.__name__}.md": page(model) for model in tables}
    contents = [f"| [{m._meta.label}]({m._meta.app_label}-{m.__name__}.md) | {summary(m)} |" for m in tables]
    made["README.md"] = "\n".join(["# Tables", "", "| model | holds |", "|---|---|", *contents, ""])
    return made


def page(model: type[models.Model]) -> str:
    lines = [f"# {model._meta.label}", "", description(model), "", *facts(model), "", *fields(model)]
    rules = list(constraints(model))
    if rules:
        lines += ["", "## What the database refuses", "", *rules]
    return "\n".join(lines) + "\n"


def summary(model: type[models.Model]) -> str:
    return description(model).split("\n")[0]


def description(model: type[models.Model]) -> str:
    text = (model.__doc__ or "").strip()
    if text.startswith(f"{model.__name__}("):  # Django's own listing of fields
        return f"Rows of {model._meta.verbose_name}."
    return "\n".join(line.strip() for line in text.splitlines())


def facts(model: type[models.Model]) -> Iterator[str]:
    yield f"- table `{model._meta.db_table}`"
    if right := getattr(model, "view_right", ""):
        yield f"- seen by people who hold `{right}` over the row's area"
    tracked = any(trigger.name == "history" for trigger in getattr(model._meta, "triggers", []))
    yield "- every change is written to the history" if tracked else "- not part of the history"


def fields(model: type[models.Model]) -> Iterator[str]:
    labels = getattr(model, "data_labels", {})
    yield from ["## Columns", "", "| column | kind | label | meaning |", "|---|---|---|---|"]
    for field in model._meta.local_fields:
        yield f"| `{field.column}` | {kind(field)} | {labels.get(field.name, '')} | {meaning(field)} |"


def kind(field: models.Field[Any, Any]) -> str:
    if field.is_relation:
        return f"→ {field.related_model._meta.label}"  # type: ignore[union-attr]
    name = (
        "encrypted" if getattr(field, "encrypted", False) else field.get_internal_type().removesuffix("Field").lower()
    )
    return f"{name}, may be empty" if field.null else name


def meaning(field: models.Field[Any, Any]) -> str:
    words = [str(field.verbose_name), str(field.help_text or "")]
    if field.choices:
        words.append(", ".join(f"{value}" for value, _label in field.flatchoices))
    return " · ".join(word.replace("|", "/") for word in words if word)


def constraints(model: type[models.Model]) -> Iterator[str]:
    for field in model._meta.local_fields:
        if field.unique and not field.primary_key:
            yield f"- two rows with the same `{field.column}`"
    for rule in model._meta.constraints:
        over = getattr(rule, "fields", ())
        yield f"- `{rule.name}`" + (f": two rows with the same {', '.join(over)}" if over else "")
