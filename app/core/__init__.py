"""Plumbing that knows nothing of marketing."""
