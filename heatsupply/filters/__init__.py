"""Filters of the lists, as they stand in the address."""
