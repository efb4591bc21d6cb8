"""Words for every problem a row can have: those of the roster (`issue_wording`) and those the register adds."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from households import issue_wording
from households.importing.checked import Problem
from households.issue_wording import FIELD_TITLES, Wording

_OTHERS = _("Compare with the paper and correct the row, or leave it out.")

REGISTER_WORDINGS: dict[str, Wording] = {
    "E_ID_ELSEWHERE": Wording(
        _("Already registered"),
        _("This ID number is registered in another town or street."),
        _("Ask the programme office which place is right, or leave the row out."),
    ),
    "E_CARD_TAKEN": Wording(
        _("Bank card"), _("The card belongs to another registered household %(household_no)s."), _OTHERS
    ),
    "W_DOOR_TAKEN": Wording(
        _("Second dwelling"),
        _("Household %(household_no)s is registered at this door: two households in one house?"),
        _("Confirm two households in one house, or correct the door number."),
    ),
    "E_METER_TAKEN": Wording(
        _("Meter number"), _("The meter belongs to a dwelling of household %(household_no)s."), _OTHERS
    ),
    "E_SAME_METER": Wording(_("Meter number"), _("The same meter as in row %(other_row)s."), _OTHERS),
    "E_ID_OTHER_NAME": Wording(
        _("ID number"),
        _("This ID number is registered for another name, at another door (%(household_no)s)."),
        _("Compare with the ID card: correct the number, or first the name in the register."),
    ),
    "W_SECOND_HOME": Wording(
        _("Second dwelling"),
        _("%(household_no)s is registered at another door: a further dwelling of the same household?"),
        _("Confirm the further dwelling, or correct the door number."),
    ),
    "W_REGISTER_DIFFERS": Wording(
        _("Differs from the register"),
        _("The register of %(household_no)s says otherwise: %(fields)s."),
        _("Confirm to take over the file's values, or leave the row out."),
    ),
    "E_ON_APPROVED_LIST": Wording(
        _("On an approved list"),
        _("%(household_no)s stands on an approved list; the file says otherwise: %(fields)s."),
        _("Ask for the change in the household's file, or leave the row out."),
    ),
    "I_HAND_KEPT": Wording(
        _("Typed by hand"),
        _("A person corrected %(fields)s of %(household_no)s; what was typed stays."),
        _("Decide on the list of conflicts which value is right."),
    ),
    "W_SAME_CARD": Wording(_("Bank card"), _("The same bank card as row %(other_row)s, for another person."), _OTHERS),
    "COLUMNS_MOVED": Wording(
        _("File"),
        _("Columns of the marked file were moved, so its cells can't be told apart."),
        _("Download the marked file again and change only the cells that are marked."),
    ),
    "HEADER_ROW_UNKNOWN": Wording(
        _("File"),
        _("There is no row %(row)s with words in a sheet “%(name)s”. Sheets of the file: %(sheets)s."),
        _("Pick the row that holds the headings once more."),
    ),
    "MARKS_UNKNOWN": Wording(
        _("File"),
        _("The marks of this file belong to no import you may work on."),
        _("Choose the programme the file was downloaded from, or download it again."),
    ),
    "NOT_IN_REVIEW": Wording(
        _("File"),
        _("The import this file corrects is stored or void already."),
        _("Upload the corrected rows as a roster of their own."),
    ),
    "TOO_MANY_ROWS": Wording(
        _("File"), _("The file has %(rows)s rows; at most %(limit)s are read at once."), _("Split it by town.")
    ),
}


def title(code: str) -> str:
    """Short group name of a code."""
    own = REGISTER_WORDINGS.get(code)
    return str(own.title) if own else issue_wording.title(code)


def sentence(code: str, params: dict[str, Any], *, value: str = "") -> str:
    """What is wrong, with its values; a row of another sheet is named with its sheet."""
    said = _sentence(code, params, value)
    if sheet := params.get("other_sheet"):
        said = str(_("%(said)s (that row is on sheet “%(sheet)s”)") % {"said": said, "sheet": sheet})
    return said


def _sentence(code: str, params: dict[str, Any], value: str) -> str:
    own = REGISTER_WORDINGS.get(code)
    if own is None:
        return issue_wording.sentence(code, params, value=value)
    shown = {**params, "value": value or "–"}
    if "fields" in shown:
        shown["fields"] = "、".join(str(FIELD_TITLES[name]) for name in str(shown["fields"]).split(","))
    return (str(own.sentence) % shown).replace("  ", " ").strip()


def what_to_do(code: str) -> str:
    """What the clerk does next."""
    own = REGISTER_WORDINGS.get(code)
    return str(own.todo) if own else issue_wording.what_to_do(code)


def sentence_of(problem: Problem) -> str:
    return sentence(problem.code, problem.params, value=problem.value)


def reasons(stored: list[dict[str, Any]]) -> list[str]:
    """A refused file's reasons, each with its sheet and what to do."""
    return [_reason(item) for item in stored]


def _reason(item: dict[str, Any]) -> str:
    words = with_advice(sentence(item["code"], item["params"]), item["code"])
    return f"{item['sheet']}: {words}" if item.get("sheet") else words


def with_advice(said: str, code: str) -> str:
    """What is wrong and what to do, as two sentences: short Chinese ones stand in cells without a full stop."""
    return str(_("%(said)s %(advice)s") % {"said": said.rstrip("。"), "advice": what_to_do(code)})
