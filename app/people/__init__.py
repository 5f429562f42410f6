"""People: who responds, found by id, external id or e-mail; and the deals they have a role in."""
