"""Thousands of collected tests live as long as the run: they are not looked at again for every test's few objects."""

import gc

from heating_portal.garbage import forget_what_is_loaded, look_rarely

gc.disable()


def pytest_collection_finish() -> None:
    gc.enable()
    look_rarely()
    forget_what_is_loaded()
