"""Statuses, technologies, bars, chain and facts: what they say and that wrong names fail."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import translation

from core.templatetags.portal_progress import share
from core.templatetags.portal_status import COMMON_LOOKS, LOOKS, tech_family


def drawn(source: str, **values: Any) -> str:
    return Template("{% load portal %}" + source).render(Context(values))


class Batch:
    status = "RETURNED"
    status_looks = {"LOCKED": "warn"}

    def get_status_display(self) -> str:
        return "退回<镇>"


def test_a_status_is_the_word_of_the_model_and_a_shape() -> None:
    assert drawn("{% status batch %}", batch=Batch()) == '<span class="st st--bad">退回&lt;镇&gt;</span>'


def test_a_model_may_say_what_its_own_codes_look_like() -> None:
    batch = Batch()
    batch.status = "LOCKED"
    assert "st--warn" in drawn("{% status batch %}", batch=batch)


def test_an_unknown_code_is_not_started_rather_than_done() -> None:
    batch = Batch()
    batch.status = "SOMETHING"
    assert 'class="st"' in drawn("{% status batch %}", batch=batch)


def test_a_look_that_does_not_exist_fails() -> None:
    with pytest.raises(ValueError, match="unknown status look"):
        drawn('{% status "word" look="green" %}')


def test_every_common_look_exists() -> None:
    assert set(COMMON_LOOKS.values()) <= LOOKS


@pytest.mark.parametrize(
    ("code", "family"), [("elec", "elec"), ("elec_ashp", "elec"), ("direct-elec", "elec"), ("coal", "")]
)
def test_a_technology_takes_the_colour_its_code_names(code: str, family: str) -> None:
    assert tech_family(code) == family


def test_a_technology_shows_the_programmes_own_name() -> None:
    technology = SimpleNamespace(code="gas_wall", name="燃气壁挂炉")
    assert drawn("{% tech technology %}", technology=technology) == '<span class="tech tech--gas">燃气壁挂炉</span>'


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(1, 3, "33.3"), (0, 0, "0.0"), (5, 0, "0.0"), (7, 5, "100.0"), (-1, 5, "0.0"), (None, 5, "0.0")],
)
def test_a_share_stays_between_nothing_and_all(part: int | None, whole: int, shown: str) -> None:
    assert share(part, whole) == shown


def test_nested_progress_is_read_aloud_and_needs_no_inline_style() -> None:
    with translation.override("zh-hans"):
        html = drawn("{% nest 7312 5880 4210 8420 plan=92 %}")
    assert 'aria-label="完工 86.8%，验收 69.8%，兑付 50.0%，计划 92%"' in html
    assert "style=" not in html
    assert html.index('width="86.8%"') < html.index('width="69.8%"') < html.index('width="50.0%"')


def test_a_gap_in_a_small_line_stays_a_gap() -> None:
    html = drawn("{% spark values %}", values=[1.0, 2.0, None, 3.0])
    assert html.count("M") == 2


def test_a_line_of_nothing_is_not_drawn() -> None:
    assert drawn("{% spark values %}", values=[None, None]) == ""


def test_missing_papers_are_counted() -> None:
    html = drawn("{% dots 9 12 %}")
    assert html.count('class="no"') == 3
    assert html.count("<i") == 12


def test_the_chain_shows_words_and_escapes_them() -> None:
    steps = [
        {"title": "镇", "state": "did", "who": "孙占位", "words": "<b>同意</b>"},
        {"title": "财政", "state": "now"},
    ]
    html = drawn("{% chain steps %}", steps=steps)
    assert "&lt;b&gt;同意" in html
    assert html.index('class="did"') < html.index('class="now"')


def test_facts_show_a_dash_for_nothing_and_keep_zero() -> None:
    html = drawn("{% facts rows %}", rows=[("卡号", None), ("户数", 0)])
    assert html.count("—") == 1
    assert "<dd>0</dd>" in html


def test_an_icon_is_hidden_from_screen_readers() -> None:
    assert 'aria-hidden="true"' in drawn('{% icon "users" %}')
