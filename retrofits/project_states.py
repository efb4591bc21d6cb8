"""The life of a project as one table: from, to, what it asks for."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from retrofits.models import Project, ProjectPaper

State, Paper = Project.State, ProjectPaper.Kind


@dataclass(frozen=True)
class ProjectMove:
    """One step. `papers`: of each group one must be there; `measured`: every measure must have reached its plan."""

    deed: str
    source: str
    target: str
    label: str | Promise
    papers: tuple[tuple[str, ...], ...] = ()
    measured: bool = False
    needs_reason: bool = False


BEFORE_APPROVAL = ((Paper.FEASIBILITY, Paper.DESIGN), (Paper.REVIEW,), (Paper.APPROVAL,))
"""L-26: feasibility study or preliminary design, reviewed by the office, approved."""

MOVES: tuple[ProjectMove, ...] = (
    ProjectMove("approve", State.PLANNED, State.APPROVED, _("Approve"), BEFORE_APPROVAL),
    ProjectMove("begin", State.APPROVED, State.BUILDING, _("Begin construction")),
    ProjectMove("finish", State.BUILDING, State.FINISHED, _("Report as finished"), ((Paper.COMPLETION,),), True),
    ProjectMove("reject", State.FINISHED, State.BUILDING, _("Not accepted"), needs_reason=True),
    ProjectMove("accept", State.FINISHED, State.ACCEPTED, _("Accept"), ((Paper.ACCEPTANCE,),)),
    ProjectMove("reopen", State.ACCEPTED, State.BUILDING, _("Take up again"), needs_reason=True),
    ProjectMove("stop", State.PLANNED, State.STOPPED, _("Stop"), needs_reason=True),
    ProjectMove("stop", State.APPROVED, State.STOPPED, _("Stop"), needs_reason=True),
    ProjectMove("stop", State.BUILDING, State.STOPPED, _("Stop"), needs_reason=True),
    ProjectMove("resume", State.STOPPED, State.PLANNED, _("Resume"), needs_reason=True),
)


def find(project: Project, deed: str) -> ProjectMove | None:
    return next((move for move in MOVES if (move.deed, move.source) == (deed, project.state)), None)


def open_moves(project: Project) -> list[ProjectMove]:
    return [move for move in MOVES if move.source == project.state]
