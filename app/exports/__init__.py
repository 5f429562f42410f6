"""Data as files: a consistent snapshot, written once, kept with its run."""
