"""A mark names a real clause in its own words, a real service and a real page; the document is what the marks say."""

from collections.abc import Iterator

from django.apps import apps
from django.urls import get_resolver

from tests.clauses.document import DOCUMENT, document
from tests.clauses.marks import Mark, all_clauses, all_marks, quotes
from tests.plugins.clauses import named_function

CLAUSES = all_clauses()


def url_names() -> set[str]:
    found = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    for namespace, (_, resolver) in get_resolver().namespace_dict.items():
        found |= {f"{namespace}:{name}" for name in resolver.reverse_dict if isinstance(name, str)}
    return found


def test_there_are_360_clauses() -> None:
    assert len(CLAUSES) == 360


def test_a_mark_quotes_its_clause_and_names_a_service() -> None:
    pages = url_names()
    wrong = [f"{mark.number} {mark.test}: {what}" for mark in all_marks() for what in faults_of(mark, pages)]
    assert not wrong, "\n" + "\n".join(wrong)


def faults_of(mark: Mark, pages: set[str]) -> Iterator[str]:
    if not quotes(mark, CLAUSES[mark.number]):
        yield f"{mark.words!r} is not in {CLAUSES[mark.number].words!r}"
    if mark.page and mark.page not in pages:
        yield f"there is no page {mark.page}"
    if mark.model:
        apps.get_model(mark.model)
    if not callable(named_function(mark.serves)):
        yield f"{mark.serves} can't be called"


def test_the_document_is_what_the_marks_say() -> None:
    assert DOCUMENT.read_text() == document(), "run: python -m tests.clauses"


def test_words_must_stand_in_the_clause_and_in_order() -> None:
    def says(words: str) -> bool:
        return quotes(Mark("J-30", words, "", "", "", ""), CLAUSES["J-30"])

    assert says("镇名、村名…经纬度")
    assert not says("经纬度…镇名、村名")
    assert not says("十三项")
    assert not says("")
