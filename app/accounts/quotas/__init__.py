"""What runs of jobs use up of a day: executions, invocations, minutes."""
