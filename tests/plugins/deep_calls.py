"""Tests are a hundred calls deep before the first line of theirs: room for what they call is taken once."""

from _pytest import main

from heating_portal.deep_calls import with_room

with_room(main._main)
