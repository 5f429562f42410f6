"""Tenants: accounts, users, keys, scopes, limits, and the repeat of a request."""
