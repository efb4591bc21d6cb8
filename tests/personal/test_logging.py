"""Log lines: JSON, UTC, one per event, without personal numbers."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from core.logging import json_formatter, mask_numbers
from tests.canaries import personal_numbers

ID, PHONE, CARD = "370999198001010149", "19900000147", "6230990000000000009"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(json_formatter())
    logger = logging.getLogger("tests.log")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield out
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    "number", [ID, "37099919800101012X", PHONE, CARD, "6230 9900 0000 0000 009", "370999800101014"]
)
def test_numbers_are_masked_wherever_they_stand(number: str, lines: io.StringIO) -> None:
    logger = logging.getLogger("tests.log")
    logger.info("household %s saved", number)
    structlog.get_logger("tests.log").info("saved", note=f"号码{number}。", nested={"rows": [{"x": number}]})
    try:
        raise ValueError(f"bad value {number}")
    except ValueError:
        logger.exception("row refused")
    assert number not in lines.getvalue()
    assert len(lines.getvalue().splitlines()) == 3


def test_a_value_cannot_forge_a_line(lines: io.StringIO) -> None:
    logging.getLogger("tests.log").info("user %s", 'x\n{"event": "forged"}\r\u2028')
    events = [json.loads(line) for line in lines.getvalue().strip().split("\n")]
    assert len(events) == 1
    assert events[0]["timestamp"].endswith("Z")
    assert events[0]["level"] == "info"


def test_values_of_telling_names_are_hidden(lines: io.StringIO) -> None:
    structlog.get_logger("tests.log").info("login", password="Secret-1", user=17)
    event = json.loads(lines.getvalue())
    assert (event["password"], event["user"]) == ("***", 17)


@pytest.mark.parametrize("text", ["2026-11-21T08:00:00.123456Z", "4.5 kWh 1234567", "0c9f1c4b7b1e4d8f9a", "job 42"])
def test_times_counts_and_references_stay_readable(text: str) -> None:
    assert mask_numbers(text) == text


def test_the_canary_scan_finds_what_it_should_and_no_more() -> None:
    text = f"a {ID} b {PHONE} c 6230-9900-0000-0000-009 d 3709**********0147 e 12345678901 f 999999999999999999"
    text += " g 97884726-8878-4966-8000-00ab00cd00ef"  # a form's number, whose first groups pass for a card
    assert personal_numbers(text) == sorted([ID, PHONE, CARD])
