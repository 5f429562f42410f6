"""The ledger of everything that ran: counts, outcome, who and why. Only the ledger."""
