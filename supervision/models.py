"""No tables yet: the rows arrive with their rooms."""
