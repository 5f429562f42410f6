"""What people ask of everything that runs: the ledger's pages and the clock."""
