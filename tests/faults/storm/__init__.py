"""A storm of faults over a whole site: real processes, real kills, a ledger and a checker.

load   clients of two accounts, few people, few campaigns ─┐
chaos  one fault after the other, drawn from a seed        ├─▶ heal ─▶ quiet ─▶ check
site   PostgreSQL, Valkey, two APIs, two workers          ─┘
"""
