"""Taking responses in: durable before the answer, never a lock on a campaign.

request ──▶ items ──▶ desk (gathers) ──▶ one transaction ──▶ each caller's answer
                         │                 read · fold in arrival order · write each table once
                         └ full: 503       deadlock: redone, at most 5 times
"""
