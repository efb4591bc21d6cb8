"""Presets: one folder per programme, read by each app's own loader in the order of the house."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.acting import acting
from accounts.loading import load_areas
from core.refusals import Refused
from core.strict_yaml import read_yaml
from programmes.loading import load_programme
from programmes.models import Programme
from retrofits.loading import load_works
from subsidies.loading import load_policy
from supervision.loading import load_duties

FOLDER: Path = settings.BASE_DIR / "presets"
SAY = Callable[[str], Any]


@dataclass(frozen=True)
class Preset:
    """The files of one preset; only `programme` must exist."""

    name: str
    programme: Path

    @property
    def folder(self) -> Path:
        return self.programme.parent

    def file(self, name: str) -> Path | None:
        path = self.folder / name
        return path if path.is_file() else None

    def read(self, name: str) -> Any:
        """Content of a YAML file of the preset, None when it has none."""
        path = self.file(name)
        return read_yaml(path.read_text(encoding="utf-8")) if path else None


def names() -> list[str]:
    return sorted(path.parent.name for path in FOLDER.glob("*/programme.yaml"))


def find(name: str) -> Preset:
    """A preset by name (`jincheng_2020`), by folder, or by the path of its programme file. Raises `Refused`."""
    bundled, path = FOLDER / name, Path(name)
    for candidate in (bundled / "programme.yaml", path / "programme.yaml", path):
        if candidate.is_file():
            return Preset(candidate.parent.name, candidate)
    raise Refused(
        "NO_SUCH_PRESET",
        _("There is no programme “%(name)s”. There are: %(names)s; or give a file."),
        name=name,
        names=", ".join(names()),
    )


def load(
    preset: Preset, *, by: Any, say: SAY = lambda words: None, settings: Mapping[str, Any] | None = None
) -> Programme:
    """Places, programme (with `settings` over its own), works, policy and duties, in this order. Safe to repeat."""
    areas = preset.file("areas.csv")
    if areas:
        say(f"{areas.name}: {load_areas(path=areas, by=by)}")
    programme = load_programme(path=preset.programme, by=by, settings=settings)
    say(f"{preset.programme.name}: {programme.code} {programme.name}")
    _load_works(preset, programme, by, say)
    _load_policy(preset, programme, by, say)
    _load_duties(preset, programme, by, say)
    return programme


def _load_duties(preset: Preset, programme: Programme, by: Any, say: SAY) -> None:
    """Who has to do what, and the clocks of cases, when the preset has them."""
    path = preset.file("duties.yaml")
    if path is not None:
        say(f"{path.name}: {load_duties(path=path, programme=programme, by=by)}")


def _load_works(preset: Preset, programme: Programme, by: Any, say: SAY) -> None:
    """Gates, sets of devices and projects, when the preset has them."""
    path = preset.file("works.yaml")
    if path is not None:
        say(f"{path.name}: {load_works(path=path, programme=programme, by=by)}")


def _load_policy(preset: Preset, programme: Programme, by: Any, say: SAY) -> None:
    """Through the subsidies room's own loader, when the preset has a policy."""
    path = preset.file("policy.yaml")
    if path is None:
        return
    with acting(by):
        loaded = load_policy(path=path, programme=programme, by=by)
    say(f"{path.name}: {loaded}")
