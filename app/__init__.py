"""The product: what Penstock knows and what can be asked of it."""
