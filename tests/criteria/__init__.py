"""Criteria: what they mean, and what is refused."""
