"""The logs of runs: packed lines, read by number, forgotten after a month."""
