"""How responses are scored: an account's settings and its rulesets."""
