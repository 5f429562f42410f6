"""A batch's run: what it does with the sequences of its kind, step by step, and its e-mails."""
