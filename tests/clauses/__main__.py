from tests.clauses.document import DOCUMENT, document

DOCUMENT.write_text(document())
