"""Deals and the people who have a role in them."""
