"""Recurrence: the shapes, and when fires are due, against a slow walk through every minute."""
