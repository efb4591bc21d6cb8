"""A policy document from a file into a draft: used by `load_policy`, by presets, by the demonstration."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from programmes.models import Programme
from subsidies.models import Policy
from subsidies.rules.documents import MAX_BYTES
from subsidies.services.policies import draft_policy


def load_policy(*, path: Path | str, programme: Programme, by: User | str) -> Policy:
    """Draft the document in `path`; the same content again changes nothing. Raises `PolicyFaults`, `Refused`."""
    return draft_policy(programme=programme, document=_text(Path(path)), by=by)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        return content.decode("utf-8")
    except OSError as error:
        words = _("%(path)s can't be read: %(reason)s.")
        raise Refused("NO_FILE", words, path=str(path), reason=error.strerror) from None
    except UnicodeDecodeError:
        raise Refused("NOT_UTF8", _("%(path)s is not UTF-8 text; save it as UTF-8."), path=str(path)) from None
