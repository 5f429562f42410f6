"""Schedules: when a job, a group or a batch is due; a shape and rules over a clock, no I/O."""
