"""A box that scrolls sideways can be reached by keyboard (WCAG 2.1.1): by a control inside it or by itself.

How wide a table is depends on the fonts of the machine, so axe in one browser finds only some of them.
"""

import re
from pathlib import Path

import pytest
from django.conf import settings

SCROLLS = re.compile(r'<(?:div|main|section)\b[^>]*class="(?:[^"]* )?(?:grid-wrap|grid-box|a4)(?: [^"]*)?"[^>]*>')
CONTROL = re.compile(r"<(?:a |button|input|select|summary|textarea)")
TEMPLATES = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html"))


def unreachable(text: str) -> list[str]:
    """Opening tags of scrolling boxes that neither take the focus nor hold anything that does."""
    boxes = [(box[0], text[box.end() : text.find("</table>", box.end())]) for box in SCROLLS.finditer(text)]
    return [tag for tag, inside in boxes if 'tabindex="0"' not in tag and not CONTROL.search(inside)]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_scrolling_box_can_be_reached_by_keyboard(template: Path) -> None:
    assert unreachable(template.read_text()) == []


def test_a_box_with_nothing_to_focus_is_found() -> None:
    assert unreachable('<div class="grid-box"><table><tr><td>1</td></tr></table></div>')
    assert not unreachable('<div class="grid-box"><table><tr><td><a href="?">1</a></td></tr></table></div>')
