"""A campaign's lane: leased by one worker at a time, drained in chunks.

due rows ──▶ lease (token + 1) ──▶ chunk ─▶ chunk ─▶ … ──▶ release
                 ▲                   │ renew first, commit last
                 │                   └ token gone: LeaseLost, nothing written
                 └── 15 s without renewal: the next worker takes over, with the same run
"""
