"""What a batch does with the sequences of its kind, in this order; each a chunk at a time.

    orphans ──▶ exits ──▶ enrolment ──▶ due actions ──▶ e-mails

Every function is the inside of one transaction: it may be called again after any death, and finds
the rest.
"""
