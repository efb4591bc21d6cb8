"""What people enter on the pages of heat supply: each deed with its form, who may do it and the service behind it.

Deeds come in three kinds: of a place (the board), of a company (its page), of one row (a button). Views find the row,
services judge; these tables only join the two.
"""
