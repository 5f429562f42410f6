"""What happened, told to whoever asked: the outbox now, its delivery on top of it."""
