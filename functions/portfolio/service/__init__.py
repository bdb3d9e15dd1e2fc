"""Keeps portfolios and shows them to who may see them."""
