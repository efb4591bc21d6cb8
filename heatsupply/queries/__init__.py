"""Reads with more than one caller, by subject."""
