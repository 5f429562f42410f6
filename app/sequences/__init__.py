"""Sequences: cadences, who is in them, and what a rep finds on Today.

definitions (here) ──▶ participants ──▶ today     what people ask for
                              └───────▶ steps     what a batch does, a chunk at a time
"""
