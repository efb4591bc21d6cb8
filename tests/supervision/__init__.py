"""Complaints, hazards, tickets, checks and duties."""
