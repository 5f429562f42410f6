"""Planned moments: timetables say when the next one is, the ledger what became of each."""
