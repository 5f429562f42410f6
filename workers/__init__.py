"""Processes that do what was asked."""
