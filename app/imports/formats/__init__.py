"""From bytes to rows: encodings, compression, CSV, NDJSON. Pure, and never the whole file at once.

blocks ──▶ decompress ──▶ split into records ──▶ cells, or why this one cannot be read
"""
