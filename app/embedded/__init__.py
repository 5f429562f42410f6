"""The stack of `penstock up`: PostgreSQL, Valkey, API and workers as supervised children."""

from app.embedded.borrow import borrowed_database, borrowed_settings
from app.embedded.environment import load_environment
from app.embedded.errors import EmbeddedError
from app.embedded.options import Stack, StackOptions
from app.embedded.postgres import Postgres
from app.embedded.stack import run_stack
from app.embedded.valkey import Valkey

__all__ = [
    "EmbeddedError",
    "Postgres",
    "Stack",
    "StackOptions",
    "Valkey",
    "borrowed_database",
    "borrowed_settings",
    "load_environment",
    "run_stack",
]
