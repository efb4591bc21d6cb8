"""Codes of the rules in words."""
