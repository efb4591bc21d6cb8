"""Documents: everything wrong is listed with its line, hostile ones are bounded, and all words are known."""

from __future__ import annotations

import time

import pytest

from subsidies.rules import codes
from subsidies.rules.cases import read_cases
from subsidies.rules.documents import MAX_BYTES, DocumentError, read_document
from subsidies.rules.loading import load_policy
from tests.rules.builders import HEAD, PRESETS, preset, preset_text

NAMES = ("taishan_2021", "litong_2021", "jincheng_2020", "datong_2021", "baiyin_2023")


def problems_of(text: str | bytes) -> list[tuple[int, str]]:
    with pytest.raises(DocumentError) as caught:
        load_policy(text)
    return [(problem.line, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_loads_under_its_own_name(name: str) -> None:
    assert preset(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_every_benefit_cites_its_clause_and_quotes_it(name: str) -> None:
    for benefit in preset(name).benefits:
        assert benefit.clause, benefit.id
        assert benefit.quote, benefit.id
        assert benefit.note, benefit.id


def test_all_problems_of_a_document_are_listed_with_their_lines() -> None:
    text = HEAD + (
        "benefits:\n"  # line 8
        "  - id: A\n"
        "    kind: CONVERSION\n"
        "    titel: t\n"  # 11
        "    clause: 一\n"
        "    covers: [{fact: technolgy, in: [GAS]}]\n"  # 13
        "    amount: {fixed: 6000, cost: eligible}\n"  # 14
        "  - id: B\n"
        "    kind: running\n"  # 16
        "    title: t\n"
        "    clause: 一\n"
        "    amount: {fixd: 1}\n"  # 19
    )
    assert problems_of(text) == [
        (9, "“title” is missing here."),
        (11, "“titel” is not known here; did you mean “title”?"),
        (13, "“technolgy” is not known here; did you mean “technology”?"),
        (14, "Exactly one of these may stand here: fixed, cost."),
        (16, "“running” does not have the form CAPITALS_AND_UNDERSCORES."),
        (19, "“fixd” is not known here; did you mean “fixed”?"),
    ]


@pytest.mark.parametrize(
    ("amount", "split", "words"),
    [
        ("{cost: eligible}", "{whole: DISTRICT}", "needs a cost_scope"),
        ("{per_unit: {quantity: gas_m3, rate: 1}}", "{whole: DISTRICT}", "needs “runs”"),
        ("{fixed: 0.001}", "{whole: DISTRICT}", "parts of a fen"),
        ("{fixed: 1}", "{whole: VILLAGE}", "VILLAGE is not in this policy's list"),
        ("{fixed: 1}", "{ratio: [{source: CENTRAL, part: 0}]}", "can't all be 0"),
        ("{fixed: 1}", "{ratio: [{source: CENTRAL, part: 1}, {source: CENTRAL, part: 1}]}", "stands twice"),
        ("{share_of: {of: {fixed: 1}, percent: 101}}", "{whole: DISTRICT}", "at most 100 percent"),
        (
            "{steps: {by: heated_area_m2, bands: [{until: 9, amount: {fixed: 1}}]}}",
            "{whole: DISTRICT}",
            "last band has no “until”",
        ),
        (
            "{marginal: {quantity: heated_area_m2, bands: [{until: 9, rate: 1}, {until: 9, rate: 1}, {rate: 1}]}}",
            "{whole: DISTRICT}",
            "must rise",
        ),
        (
            "{first_of: [{amount: {fixed: 1}}, {amount: {fixed: 2}}]}",
            "{whole: DISTRICT}",
            "never reached",
        ),
        (
            "{first_of: [{when: [{fact: zone, operator: '>', value: 1}], amount: {fixed: 1}}, {amount: {fixed: 2}}]}",
            "{whole: DISTRICT}",
            "must fit the fact",
        ),
        ("{cap: {of: {fixed: 1}, at: {fixed: 1}, per: season}}", "{whole: DISTRICT}", "needs “runs”"),
    ],
)
def test_what_has_the_right_form_but_no_meaning_is_refused(amount: str, split: str, words: str) -> None:
    benefit = f"benefits:\n  - {{id: A, kind: K, title: t, clause: 一, amount: {amount}, split: {split}}}\n"
    found = problems_of(HEAD + benefit)
    assert any(words in message for _, message in found), found


def test_an_amount_without_a_payer_and_a_doubled_id_are_refused() -> None:
    benefit = "  - {id: A, kind: K, title: t, clause: 一, amount: {fixed: 1}}\n"
    messages = [message for _, message in problems_of(HEAD + "benefits:\n" + benefit + benefit)]
    assert any("needs a “split”" in message for message in messages)
    assert any("already taken" in message for message in messages)


@pytest.mark.parametrize(
    ("option", "amount", "words"),
    [
        (
            "{question: q, default: x, choices: [a, b]}",
            "{choose: {option: Q, cases: {a: {fixed: 1}, b: {fixed: 2}}}}",
            "“x” is not",
        ),
        (
            "{question: q, default: a, choices: [a, b]}",
            "{choose: {option: Q, cases: {a: {fixed: 1}}}}",
            "“b” is missing",
        ),
        ("{question: q, default: a, choices: [a]}", "{choose: {option: R, cases: {a: {fixed: 1}}}}", "“R” is not"),
        ("{question: q, default: 1}", "{fixed: 1}", "changes nothing"),
        ("{question: q, default: text}", "{fixed: {option: Q}}", "a number is expected"),
        (
            "{question: q, default: a, choices: [a, b]}",
            "{choose: {option: Q, cases: {a: {fixed: 1}, b: {fixed: 0.001}}}}",
            "parts of a fen",
        ),
    ],
)  # fmt: skip
def test_switches_are_checked_also_where_they_are_not_chosen(option: str, amount: str, words: str) -> None:
    benefit = f"{{id: A, kind: K, title: t, clause: 一, amount: {amount}, split: {{whole: DISTRICT}}}}"
    text = f"{HEAD}options: {{Q: {option}}}\nbenefits:\n  - {benefit}\n"
    found = problems_of(text)
    assert any(words in message for _, message in found), found


def test_an_option_that_does_not_exist_or_has_no_such_choice_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"Q99[\s\S]*nobody"):
        load_policy(preset_text("taishan_2021"), {"Q99": "x", "Q2": "nobody"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"\xff\xfe", "UTF-8"),
        ("a: [1, 2", "not valid YAML"),
        ("a: 1\na: 2", "written twice"),
        ("a: &x 1\nb: *x", "Anchors"),
        ("a: !!python/object/apply:os.system [id]", "Anchors, aliases and tags"),
        ("a: 1\n---\nb: 2", "one document"),
        ("[" * 100_000, "levels deep"),
        ("a: " + "9" * 5000, "too long"),
        ("a: \x00", "not valid YAML"),
        (b"x" * (MAX_BYTES + 1), "at most"),
        ("- 1\n" * 100_000, "more than"),
        ("{? [1]: 2}", "plain text"),
    ],
)
def test_hostile_documents_are_refused_quickly(text: str | bytes, words: str) -> None:
    started = time.monotonic()
    with pytest.raises(DocumentError, match=words):
        read_document(text)
    assert time.monotonic() - started < 20


def test_options_with_very_many_choices_are_refused_quickly() -> None:
    choices = ", ".join(f"c{n}" for n in range(200))
    options = "".join(
        f"  Q{n}: {{question: q, default: c0, choices: [{choices}], used_by: facts}}\n" for n in range(20)
    )
    started = time.monotonic()
    assert any("are checked" in message for _, message in problems_of(f"{HEAD}options:\n{options}"))
    assert time.monotonic() - started < 20


def test_numbers_never_become_floats_and_dates_stay_text() -> None:
    tree = read_document("{a: 0.1, b: 010, c: 1e3, d: 2021-10-13, e: 11:30, f: yes, g: true, h: '5'}")
    assert {key: type(value).__name__ for key, value in tree.items()} == {
        "a": "Decimal", "b": "str", "c": "str", "d": "str", "e": "str", "f": "str", "g": "bool", "h": "str",
    }  # fmt: skip


def test_case_files_list_all_their_problems() -> None:
    text = (
        "defaults: {on: 2022-04-10}\ncases:\n  - id: A\n    rule: T-R6\n    facts:\n"
        "      tecnology: GAS\n      costs: {DEVICE: 1.001}\n  - {id: B, facts: {on: 2022-13-01}}\n"
    )
    with pytest.raises(DocumentError) as caught:
        read_cases(text)
    found = [(each.line, each.where) for each in caught.value.problems]
    assert found == [(6, "A"), (7, "A.costs"), (8, "B"), (8, "B.on")]


def test_every_code_has_a_sentence_in_both_languages() -> None:
    from django.utils import translation

    from subsidies import wording

    used = {*codes.DUE_CODES, *codes.NOT_DUE_CODES, *codes.UNDEFINED_CODES}
    assert set(wording.REASONS) == used
    assert set(wording.STEPS) == set(codes.STEP_CODES)
    assert set(wording.WARNINGS) == set(codes.WARNING_CODES)
    assert set(wording.GATES) == set(codes.GATES)
    part = (PRESETS.parent / "locale" / "parts" / "rules.po").read_text("utf-8")
    sentences = [*wording.REASONS.values(), *wording.STEPS.values(), *wording.WARNINGS.values()]
    assert [text for text in sentences if f'msgid "{text}"\n' not in part] == []
    with translation.override("en"):
        assert wording.reason_sentence("FACT_MISSING", {"fact": "power_kw"}).endswith("thermal power (kW)")
