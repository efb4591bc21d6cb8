"""Amounts, masks and times as the templates show them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import translation

from core import clock
from core.templatetags.portal_figures import exact_yuan, figure, grouped, wan_words
from core.templatetags.portal_parts import faults


def drawn(source: str, **values: Any) -> str:
    return Template("{% load portal %}" + source).render(Context(values))


@pytest.mark.parametrize(
    ("fen", "shown"),
    [(600000, "6,000.00"), (0, "0.00"), (-132, "−1.32"), (1, "0.01"), (123456789, "1,234,567.89")],
)
def test_household_amounts_have_two_decimals_and_a_true_minus(fen: int, shown: str) -> None:
    assert exact_yuan(fen) == shown


def test_nothing_is_a_dash_and_never_zero() -> None:
    for tag in ("money", "wan", "count", "when", "degrees"):
        assert "—" in drawn("{% " + tag + " None %}")
        assert "0" not in drawn("{% " + tag + " None %}")


def test_zero_is_zero() -> None:
    assert ">0.00<" in drawn("{% money 0 %}")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(Decimal("68.50"), "68.5"), (Decimal("1480.00"), "1,480"), ("0.9958", "0.9958"), (0, "0"), (24961, "24,961"),
     (Decimal(1) / 3, "0.3333")],
)  # fmt: skip
def test_what_was_measured_keeps_its_decimals_in_a_list(value: Any, shown: str) -> None:
    assert f">{shown}<" in figure(value)


def test_sums_are_rounded_half_up_and_carry_the_exact_yuan() -> None:
    with translation.override("zh-hans"):
        html = drawn("{% wan fen unit=True %}", fen=245_085_000)
    assert ">245.09 万元<" in html
    assert 'title="2,450,850.00 元"' in html


def test_english_readers_get_plain_yuan() -> None:
    with translation.override("en"):
        assert wan_words(7_260_370_000) == "CNY 72,603,700"
        assert wan_words(7_260_370_005) == "CNY 72,603,700.05"


def test_a_half_cent_of_a_wan_goes_up_like_money_does() -> None:
    assert grouped(-2, 0) == "−2"
    with translation.override("zh-hans"):
        assert wan_words(5_000) == "0.01 万元"
        assert wan_words(-5_000) == "−0.01 万元"


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("370999198001010147", "id", "3709**********0147"),
        ("19900000147", "phone", "199****0147"),
        ("6230990000000000147", "card", "6230 **** **** 0147"),
    ],
)
def test_full_numbers_never_reach_the_page(value: str, kind: str, shown: str) -> None:
    html = drawn("{% masked value kind %}", value=value, kind=kind)
    assert shown in html
    assert value not in html


def test_an_unknown_kind_of_mask_fails_loudly() -> None:
    with pytest.raises(KeyError):
        drawn('{% masked "123" "passport" %}')


def test_rate_of_nothing_is_a_dash() -> None:
    assert "—" in drawn("{% rate 0 0 %}")
    assert ">0.0%<" in drawn("{% rate 0 5 %}")
    assert ">85.7%<" in drawn("{% rate 21384 24961 %}")


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (dt.datetime(2021, 12, 8, 1, 42, tzinfo=dt.UTC), "今天 09:42"),
        (dt.datetime(2021, 12, 7, 9, 26, tzinfo=dt.UTC), "昨天 17:26"),
        (dt.datetime(2021, 12, 7, 16, 5, tzinfo=dt.UTC), "今天 00:05"),
        (dt.datetime(2021, 12, 5, 4, 0, tzinfo=dt.UTC), "12-05"),
        (dt.datetime(2020, 12, 5, 4, 0, tzinfo=dt.UTC), "2020-12-05"),
        (dt.date(2020, 12, 5), "2020-12-05"),
        (dt.date(2021, 11, 26), "11-26"),
    ],
)
def test_times_are_short_but_exact_on_hover(moment: dt.date, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: dt.date(2021, 12, 8))
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2021, 12, 8, 2, tzinfo=dt.UTC))
    with translation.override("zh-hans"):
        html = drawn("{% when moment %}", moment=moment)
    assert f">{shown}</time>" in html
    assert f'title="{moment.year}' in html


def test_the_summary_of_a_form_counts_what_it_says() -> None:
    assert faults({"phone": ["a", "b"], "__all__": ["c"]}) == 3
