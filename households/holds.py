"""What keeps a dwelling where it is: money and works of later apps, asked without knowing those apps.

Each app registers its own in its `desk.py`:

    @hold
    def paid_money(dwellings: Sequence[int]) -> Mapping[int, str]: ...

A function gets primary keys of dwellings and returns, for those it holds, one sentence for the person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from core.refusals import Refused

Hold = Callable[[Sequence[int]], Mapping[int, str | Promise]]
_holds: dict[str, Hold] = {}


def hold(asked: Hold) -> Hold:
    """Register a function that says what holds dwellings."""
    _holds[f"{asked.__module__}.{asked.__qualname__}"] = asked
    return asked


def holds_on(dwellings: Sequence[int]) -> dict[int, list[str | Promise]]:
    """Dwelling (primary key) → sentences of everything that holds it."""
    autodiscover_modules("desk")
    found: dict[int, list[str | Promise]] = defaultdict(list)
    for name in sorted(_holds):
        for key, sentence in _holds[name](dwellings).items():
            found[key].append(sentence)
    return dict(found)


def refuse_held(dwellings: Sequence[int]) -> None:
    """Raises Refused HELD where money or works would lose their dwelling or household."""
    sentences = [str(one) for held in holds_on(dwellings).values() for one in held]
    if sentences:
        raise Refused("HELD", _("This would break what is recorded already: %(why)s"), why=" ".join(sentences))
