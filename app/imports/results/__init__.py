"""The three files of an import: what succeeded, what failed and why, what was never attempted."""
