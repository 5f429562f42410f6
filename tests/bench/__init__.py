"""The engine against its rivals, on real servers with fsync on. `make bench`; see RESULTS.md."""
