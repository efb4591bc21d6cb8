"""Pictures of stamped pages: cleaned, kept, and matched back to the page whose code they show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core.files import delete_file, store_bytes
from core.papers import CleanPage, NotAPaper, clean_pages
from core.refusals import Refused
from households import roster_queries
from households.models import Document, Roster, RosterPage, RosterScan
from households.sheets import grouped, read_code

RIGHT = "rosters.import"
SCAN_KIND = "roster_scan"
MAX_SCANS = 400
MAX_PAGES_AT_ONCE = 30
PAPER_FAULTS = {
    "EMPTY": gettext_lazy("The file is empty. Choose it again."),
    "TOO_LARGE": gettext_lazy("The file is larger than 20 MB. Scan it with a lower resolution."),
    "TOO_MANY_PIXELS": gettext_lazy("The picture has too many pixels. Take it with a lower resolution."),
    "NO_PAPER": gettext_lazy("The file is no JPEG, PNG, WebP or PDF, or it is damaged. Scan the page again."),
    "LOCKED": gettext_lazy("The PDF is protected by a password. Save it without one."),
    "TOO_MANY_PAGES": gettext_lazy("The PDF has more than 30 pages. Send fewer at once."),
    "NO_PAGES": gettext_lazy("The PDF has no pages."),
    "TOO_MUCH_WORK": gettext_lazy("The PDF takes too much work to draw. Send photos of the pages instead."),
}


@dataclass
class Received:
    """What became of an upload: pages matched, pictures without a readable code, and what was not kept, in words."""

    placed: list[RosterScan] = field(default_factory=list)
    unread: list[RosterScan] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def add_scans(*, roster: Roster, files: Iterable[tuple[str, bytes]], by: User) -> Received:
    """Keep pictures of stamped pages, each under the page its code names. `files` are (name, content).

    One bad file doesn't keep the others out. Raises Refused: NO_SCAN_DUE, NO_RIGHT, TOO_MANY_SCANS.
    """
    level = level_of(roster, by)
    done = Received()
    for name, content in files:
        read_file(roster, level, name, content, by, done, MAX_PAGES_AT_ONCE)
        if len(done.placed) + len(done.unread) > MAX_PAGES_AT_ONCE:
            raise Refused("TOO_MANY_SCANS", gettext_lazy("Too many pictures at once. Send fewer."))
    return done


def read_file(roster: Roster, level: str, name: str, content: bytes, by: User, done: Received, max_pages: int) -> None:
    """The pages of one file into `done`; a fault of the file is a problem in words. Raises Refused TOO_MANY_SCANS."""
    try:
        for number, page in enumerate(clean_pages(content, max_pages=max_pages), 1):
            if roster.scans.count() >= MAX_SCANS:
                raise Refused("TOO_MANY_SCANS", gettext_lazy("Too many pictures at once. Send fewer."))
            _receive(roster, level, f"{name[:180]} #{number}", page, by, done)
    except NotAPaper as error:
        done.problems.append(f"{name}: {PAPER_FAULTS[error.code]}")


def level_of(roster: Roster, by: User) -> str:
    """Whose stamp is due on the list now. Raises Refused: NO_SCAN_DUE (conflict), NO_RIGHT."""
    level = roster_queries.scan_level(roster)
    if not level:
        raise Refused("NO_SCAN_DUE", gettext_lazy("No stamp is due on this list now."), conflict=True)
    if not may_add(roster, by):
        raise Refused("NO_RIGHT", gettext_lazy("You don't have the right to do this."))
    return level


def may_add(roster: Roster, by: User) -> bool:
    """Whoever may bring lists in there hands in the pages of all three levels."""
    return by.has_right(RIGHT, roster.area_id)


def _receive(roster: Roster, level: str, name: str, page: CleanPage, by: User, done: Received) -> None:
    codes = [code for code in map(read_code, page.codes) if code]
    if len(set(codes)) > 1:
        done.problems.append(_("%(file)s: two pages on one picture. Take one picture of each page.") % {"file": name})
    elif codes:
        _place(roster, level, name, page, codes[0], by, done)
    else:
        done.unread.append(_keep(roster, level, name, page.jpeg, None, by))


def _place(roster: Roster, level: str, name: str, page: CleanPage, code: str, by: User, done: Received) -> None:
    try:
        found = page_of(roster, code, by)
    except Refused as refusal:
        done.problems.append(f"{name}: {refusal.sentence}")
        return
    done.placed.append(_keep(roster, level, name, page.jpeg, found, by))


def page_of(roster: Roster, code: str, by: User) -> RosterPage:
    """The page of this list with that code. Raises Refused: OTHER_LIST, CODE_UNKNOWN."""
    found = RosterPage.objects.filter(code=code).select_related("roster__area", "roster__programme").first()
    if found is not None and found.roster_id == roster.pk:
        return found
    if found is not None and Roster.objects.visible_to(by).filter(pk=found.roster_id).exists():
        raise Refused(
            "OTHER_LIST",
            gettext_lazy("Code %(given)s is page %(page)d of %(area)s, version %(version)d, and not of this list."),
            given=grouped(code), page=found.page_no, area=found.roster.area.name, version=found.roster.version_no,
        )  # fmt: skip
    raise Refused(
        "CODE_UNKNOWN",
        gettext_lazy(
            "Code %(given)s stands on no page of this list: it was drawn up anew since this page was printed."
        ),
        given=grouped(code),
    )


@transaction.atomic
def place_scan(*, scan: RosterScan, code: str, by: User) -> RosterScan:
    """Match a picture to its page by the code that stands under the QR code, typed.

    Raises Refused: CODE_MISTYPED, CODE_UNKNOWN, OTHER_LIST, NO_RIGHT, SCAN_PLACED.
    """
    locked = RosterScan.objects.select_for_update(of=("self",)).select_related("roster").get(pk=scan.pk)
    if locked.page_id is not None:
        raise Refused("SCAN_PLACED", gettext_lazy("This picture already belongs to a page."), conflict=True)
    level_of(locked.roster, by)
    read = read_code(code)
    if read is None:
        words = gettext_lazy("“%(given)s” is no page code: ten characters stand under the square code of the page.")
        raise Refused("CODE_MISTYPED", words, given=code.strip()[:20])
    locked.page, locked.how = page_of(locked.roster, read, by), RosterScan.How.TYPED
    locked.save(update_fields=["page", "how"])
    return locked


@transaction.atomic
def drop_scan(*, scan: RosterScan, by: User) -> None:
    """Take away a picture that belongs to no page. A placed one stays: it is a record."""
    locked = RosterScan.objects.select_for_update(of=("self",)).select_related("roster", "document").get(pk=scan.pk)
    if locked.page_id is not None:
        raise Refused("SCAN_PLACED", gettext_lazy("This picture already belongs to a page."), conflict=True)
    if not may_add(locked.roster, by):
        raise Refused("NO_RIGHT", gettext_lazy("You don't have the right to do this."))
    stored = locked.document.stored_name
    locked.delete()
    locked.document.delete()
    transaction.on_commit(lambda: delete_file(stored))


def _keep(roster: Roster, level: str, name: str, jpeg: bytes, page: RosterPage | None, by: User) -> RosterScan:
    """The very same picture of the same page and level is kept once."""
    stored = store_bytes(jpeg)
    twin = _twins(roster, level, page, stored.sha256).first()
    if twin is not None:
        delete_file(stored.key)
        return twin
    try:
        with transaction.atomic():
            document = Document.objects.create(
                area_id=roster.area_id, kind=SCAN_KIND, file_name=name, content_type="image/jpeg",
                stored_name=stored.key, sha256=stored.sha256, size_bytes=stored.size, uploaded_by=by,
            )  # fmt: skip
            return RosterScan.objects.create(
                roster=roster, area_id=roster.area_id, page=page, level=level, document=document, uploaded_by=by,
                how=RosterScan.How.READ if page else "",
            )  # fmt: skip
    except BaseException:
        delete_file(stored.key)
        raise


def _twins(roster: Roster, level: str, page: RosterPage | None, sha256: str) -> QuerySet[RosterScan]:
    return roster.scans.filter(level=level, page=page, document__sha256=sha256)
