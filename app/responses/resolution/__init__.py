"""From a score to an outcome: who is handed to sales, and why the others are not."""
