"""Runs of groups: started, moved from job to job, stopped, resumed, finished.

    start · resume ──▶ run queued, its steps, a call ──▶ advance ─┬─▶ the next job's run is queued
                                                      ▲           ├─▶ waits for one of the job's
                          pending_groups: a call ◀────┴─ it ends ◀┘
                                                                  └─▶ none is left ──▶ finish

Everything about a group goes one after the other under its row's lock: changes of it, its planned
moments, every step of every run. Whoever ends a run of a job takes no such lock: it leaves a call.
"""
