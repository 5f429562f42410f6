"""Reading events: what happened, in the order of commits."""
