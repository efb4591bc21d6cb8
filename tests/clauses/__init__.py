"""Which numbered clause of the policy documents is held to by which test: `clauses.tsv` and the marks in the tests."""
