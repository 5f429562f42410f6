"""Who is told by e-mail of what goes wrong, and of what has become right again.

a run's end · an overdue schedule · an ending definition
    ──▶ the owner's own `alert`, else the account's policy ──▶ a letter, in the same transaction
"""
