"""The accounts of a fund and what moves between them: the plain table behind `FundEntry`, both sides of every entry.

source: whoever gives the money · granted: promised by document, not here yet (below zero where money came without one)
· free · held: for homes of sealed rosters · batches: promised to locked batches · paid · returned: given back to the
source · recovered: came back from households (below zero: paid less recovered is what households have).
"""

from __future__ import annotations

MOVES = {
    "granted": ("source", "granted"),
    "received": ("granted", "free"),
    "held": ("free", "held"),
    "unheld": ("held", "free"),
    "reserved": ("free", "batches"),
    "released": ("batches", "free"),
    "paid": ("batches", "paid"),
    "bounced": ("paid", "free"),
    "returned": ("free", "returned"),
    "clawed": ("recovered", "free"),
}
"""Kind of entry -> (account it leaves, account it enters)."""
CREDITS = {kind: leaves for kind, (leaves, _enters) in MOVES.items()}
DEBITS = {kind: enters for kind, (_leaves, enters) in MOVES.items()}
Key = tuple[str, int]
"""Source and budget year: one fund of a programme."""
ACCOUNTS = ("source", "granted", "free", "held", "batches", "paid", "returned", "recovered")
