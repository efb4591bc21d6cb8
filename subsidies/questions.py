"""The 26 open questions of the five documents in words, and the answers their switches offer.

The documents carry the switches themselves (`options`, named Q1, Q4_seasons …); this says what each is about, what
holds unless somebody decides otherwise, and where the portal settles what no switch can.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from subsidies.rules.switches import case_name


@dataclass(frozen=True)
class Question:
    """`preset` is the document whose text asks it; "" where the portal itself asks. `settled`: why no answer
    changes an amount, and what in the portal holds it so."""

    number: int
    preset: str
    clause: str
    asks: str
    usual: str
    settled: str = ""

    @property
    def code(self) -> str:
        return f"Q{self.number}"


TAISHAN, LITONG, BAIYIN = "taishan_2021", "litong_2021", "baiyin_2023"
_T, _L, _B = TAISHAN, LITONG, BAIYIN
QUESTIONS: tuple[Question, ...] = tuple(
    Question(number, *words)
    for number, words in enumerate(
        (
            (_T, "三（一）–（四）", gettext_noop("“Up to 6,000 a household”: the smaller of cost and 6,000, or flat?"),
             gettext_noop("the smaller of cost and 6,000")),
            (_T, "三", gettext_noop("Below the cap: does the upper level pay first, or in proportion?"),
             gettext_noop("the upper level first, its money is a fixed-quota award")),
            (_T, "三（三）3、4", gettext_noop("“Per household and year”: heating season or calendar year?"),
             gettext_noop("the heating season")),
            (_T, "三（三）3、4", gettext_noop("“Three years for now”: from the household's first season, or fixed?"),
             gettext_noop("seasons 1 to 3 from the first one after acceptance")),
            (_T, "三（三）3", gettext_noop("“November to March”: which days, and what of readings at the edge?"),
             gettext_noop("1 November to 31 March; divided by days and flagged as estimated")),
            (_T, "三（三）3、4", gettext_noop("All household use, or only what is used for heating?"),
             gettext_noop("all use, no base is deducted")),
            (_T, "三（一）", gettext_noop("By which key is a project's station and network laid on households?"),
             gettext_noop("by household")),
            (_T, "三（二）", gettext_noop("Rules by area: capped for the project or for each household?"),
             gettext_noop("for the project, divided by area, the last takes the rest")),
            (_T, "三", gettext_noop("May conversion, efficiency and running subsidies stand side by side?"),
             gettext_noop("yes, one payment per benefit kind and dwelling")),
            (_T, "二2", gettext_noop("“Listed for demolition within three years”: the last or the next ones?"),
             gettext_noop("either side of the programme's start")),
            (_T, "二2", gettext_noop("“One household, one homestead, in principle”: strict, or with exceptions?"),
             gettext_noop("strict; an exception needs the office's approval with a reason")),
            (_T, "二2", gettext_noop("Does a second home converted at own cost count toward the task?"),
             gettext_noop("no")),
            (_T, "三（六）", gettext_noop("A venue's share of a household: how many decimals?"),
             gettext_noop("four decimals are kept, reports show whole households")),
            (_T, "三（三）1", gettext_noop("Gas: are cooker, alarm and radiators inside the cost scope?"),
             gettext_noop("only the items the clause names")),
            (_L, "九", gettext_noop("“Calculated at 80 percent”: of the cost, or of 5,300?"),
             gettext_noop("of the cost, below 6,000")),
            (_L, "九", gettext_noop("In the 80 percent case: in proportion, or central money first?"),
             gettext_noop("in proportion 3,500 to 1,800")),
            (_L, "九", gettext_noop("Does the threshold look at the eligible or at the total cost?"),
             gettext_noop("at the eligible cost")),
            (_L, "九", gettext_noop("At 5,999.99 a household pays 1,200.00, at 6,000 only 700.00"),
             gettext_noop("as written; invoices from 6,000 to 6,500 are flagged")),
            (_L, "九", gettext_noop("“About 60 m²”: a condition or a description?"),
             gettext_noop("a description; flagged outside 40 to 80 m²")),
            (_L, "三（二）", gettext_noop("“Own funds in place”: paid to the town, to the supplier, or held?"),
             gettext_noop("any document that proves it")),
            (_L, "七（三）", gettext_noop("“Departments such as …”: who must sign the joint acceptance?"),
             gettext_noop("all six that are named")),
            (_L, "八", gettext_noop("A boiler “should exceed 15 kW”: is exactly 15 enough?"), gettext_noop("no")),
            (_B, "18", gettext_noop("“The fee of the days concerned”: full days, or parts of days too?"),
             gettext_noop("full days; shares by kind of fault")),
            (_B, "18", gettext_noop("How many days has the season?"), gettext_noop("the programme's season")),
            ("", "", gettext_noop("Money of several budget years in one payment?"), gettext_noop("allowed"),
             gettext_noop("every line of a payment carries its source and budget year")),
            (_T, "三（三）4", gettext_noop("Could price support be booked as a subsidy?"),
             gettext_noop("no, it is shown and never a cash line"),
             gettext_noop("nothing to choose: the power company takes the lower price off its own bills, the programme "
                          "pays it to nobody, so that there is no sum a line could carry; no amount depends on this")),
        ), 1,
    )
)  # fmt: skip

#: Answers as words; an answer without an entry is shown as it is written in the document.
ANSWERS: Mapping[str, str] = {
    "min": gettext_noop("the smaller of the two"),
    "flat": gettext_noop("a flat sum"),
    "upper_first": gettext_noop("the upper level first"),
    "central_first": gettext_noop("central money first"),
    "proportional": gettext_noop("in proportion"),
    "season": gettext_noop("heating season"),
    "calendar_year": gettext_noop("calendar year"),
    "first_season": gettext_noop("from the household's first season"),
    "fixed_2021": gettext_noop("fixed seasons from 2021"),
    "linear": gettext_noop("divided by days"),
    "hold": gettext_noop("held until clarified"),
    "household": gettext_noop("by household"),
    "area": gettext_noop("by area"),
    "project": gettext_noop("by project"),
    "allowed": gettext_noop("allowed"),
    "one_of_works": gettext_noop("one of the works"),
    "either_side": gettext_noop("before and after"),
    "before": gettext_noop("before"),
    "after": gettext_noop("after"),
    "office": gettext_noop("the programme office"),
    "none": gettext_noop("nobody"),
    "listed": gettext_noop("only what the clause lists"),
    "extended": gettext_noop("extended"),
    "information_only": gettext_noop("for information only"),
    "of_cost": gettext_noop("of the cost"),
    "of_standard": gettext_noop("of the standard"),
    "below": gettext_noop("below it only"),
    "up_to": gettext_noop("up to and including it"),
    "eligible_cost": gettext_noop("the eligible cost"),
    "total_cost": gettext_noop("the total cost"),
    "any_evidence": gettext_noop("any document"),
    "paid_to_town": gettext_noop("paid to the town"),
    "paid_to_supplier": gettext_noop("paid to the supplier"),
    "escrow": gettext_noop("held in trust"),
    "six": gettext_noop("all six"),
    "five": gettext_noop("five"),
    "full_days": gettext_noop("full days"),
    "parts_of_days": gettext_noop("parts of days too"),
}


def question_of(option: str) -> Question | None:
    """The question a switch belongs to: Q15_threshold to Q15."""
    head = option.partition("_")[0]
    return next((one for one in QUESTIONS if one.code == head), None)


def answer_words(value: Any) -> str:
    """An answer as a reader sees it; an open one is a dash."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    text = case_name(value)
    return _(ANSWERS[text]) if text in ANSWERS else text
