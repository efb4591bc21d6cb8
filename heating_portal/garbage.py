"""How often Python looks for rings of forgotten objects.

Its stock setting looks after every 700 new objects. A portal holds half a million for ever (models, forms, templates,
addresses), and each look at them finds nothing: a tenth of a page's processor time, a quarter of a program's start.
"""

import gc

NEW_OBJECTS = 20_000


def look_rarely() -> None:
    """For the start of a program: everything it loads now stays."""
    gc.set_threshold(NEW_OBJECTS, 20, 50)


def forget_what_is_loaded() -> None:
    """What is there now is never looked at again; to be called once, when the program has loaded all its code."""
    gc.collect()
    gc.freeze()
