"""What can go wrong with the mailbox.

NotFound ── NoMailbox
"""

from app.core.errors import NotFound


class NoMailbox(NotFound):
    """There is no mailbox here: only a sandbox without an SMTP server keeps its messages."""
