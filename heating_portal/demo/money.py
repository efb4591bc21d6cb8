"""Last part of the story: what is due, public notice, payout batches, bank file and return, funds.

Each function gets the programme, is safe to repeat, and stands in `STEPS` in the order of the story with the words
shown while it runs. The subsidies room adds its own.
"""

from __future__ import annotations

from collections.abc import Callable

from programmes.models import Programme

MoneyStep = Callable[[Programme], object]

STEPS: list[tuple[str, MoneyStep]] = []
