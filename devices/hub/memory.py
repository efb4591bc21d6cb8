"""How the hub's process treats its memory."""

from __future__ import annotations

import gc


def spare_the_collector() -> None:
    """Look for circles of dead objects seldom: a sweep makes thousands of objects and leaves no circles of them,
    and each look at everything a hub with many lines holds takes as long as hundreds of answers.
    """
    gc.set_threshold(100_000, 50)
