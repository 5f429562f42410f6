"""The code of a job: a zip from outside, and what it needs to run. No tables, nothing executed.

at upload    zip ──▶ inspected, in memory ──▶ kept in the store, with its SHA-256
                        └ requirements.txt ──▶ parsed ──▶ pip, wheels only ──▶ layer, kept likewise
at a run     shelf on the worker's disk: code, layer (fetched, digest compared, unpacked, renamed)
always there `requests`: a layer of its own, copied from this installation

Whatever is wrong with a zip is an error of its own that names the member by its position.
"""
