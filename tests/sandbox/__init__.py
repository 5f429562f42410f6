"""Customers' code in real sandboxes: what works, and what hostile code comes up against."""
