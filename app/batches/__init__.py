"""The four participant batches: when they come by, forced, skipped, paused; what each run did.

What a run does, step by step, is told in `app.sequences.steps` and `workers.batches`.
"""
