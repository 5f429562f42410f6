"""The command line as a client of the API: `penstock import`, `penstock runs`.

It knows the API by HTTP only, wherever that runs. Beside a stack on this machine it makes the key
it needs, for as long as it needs it.
"""

from app.client.import_command import import_file
from app.client.runs_commands import runs

__all__ = ["import_file", "runs"]
