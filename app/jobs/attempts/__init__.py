"""Attempts of runs of code: what one is given, how it ended, whether another follows.

run queued ──▶ prepared ──▶ begun ──▶ customers' code ──▶ ended ──┬─▶ the run is over
                  ▲                     └ the worker dies:        │
                  │                       lost, found by the next │
                  └─────────── another attempt, told its number ──┘
"""
