"""Kinds of change after approval as one plain table: what is asked, whether a paper is needed, who decides."""

from __future__ import annotations

from dataclasses import dataclass

CORRECT, SPLIT, MERGE, HEAD, EXCLUDE, GIVE_UP, COME_BACK = (
    "correct", "split", "merge", "head", "exclude", "give_up", "come_back",
)  # fmt: skip
ASKED, APPROVED, RETURNED, WITHDRAWN = "asked", "approved", "returned", "withdrawn"
TOWN, OFFICE = "town", "office"
ASK = "households.edit"
DECIDES: dict[str, str] = {TOWN: "changes.approve", OFFICE: "changes.approve_office"}
"""Level that asks → right of the level above, which decides."""
_PERSON = ("head_name", "id_number", "phone", "bank_card")


@dataclass(frozen=True, slots=True)
class Kind:
    """`values` may be stated, `needed` must be; `holds`: money and works recorded already refuse it."""

    code: str
    values: tuple[str, ...]
    needed: tuple[str, ...] = ()
    paper: bool = True
    holds: bool = False


KINDS: dict[str, Kind] = {
    one.code: one
    for one in (
        Kind(CORRECT, ("head_name", "id_number", "door_no", "heated_area_m2", "dwelling_type"), paper=False),
        Kind(HEAD, (*_PERSON, "account_holder", "holder_relation"), ("head_name", "id_number")),
        Kind(SPLIT, (*_PERSON, "door_no", "heated_area_m2"), ("head_name", "id_number"), holds=True),
        Kind(MERGE, ("same_house",), ("same_house",), holds=True),
        Kind(EXCLUDE, ("exclusion", "exclusion_note"), ("exclusion", "exclusion_note"), holds=True),
        Kind(GIVE_UP, ("exclusion_note",), ("exclusion_note",), holds=True),
        Kind(COME_BACK, ("exclusion_note",), paper=False),
    )
}


@dataclass(frozen=True, slots=True)
class Step:
    """One allowed step of a request."""

    name: str
    source: str
    target: str
    words_required: bool = False


STEPS: tuple[Step, ...] = (
    Step("approve", ASKED, APPROVED),
    Step("return", ASKED, RETURNED, words_required=True),
    Step("withdraw", ASKED, WITHDRAWN),
)


def step_of(name: str, source: str) -> Step | None:
    """The step of that name from that state, or None where the table has none."""
    return next((one for one in STEPS if (one.name, one.source) == (name, source)), None)
