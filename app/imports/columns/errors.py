"""Why the columns of a file make no sense; all of them before row 1.

Sentences count columns from 1. Pointers count from 0, as JSON pointers do: `/columns/3`.
"""

from app.imports.formats.errors import FileRefused


class UnknownColumn(FileRefused):
    """Some columns lead to no field: give them one in the mapping, or null to ignore them."""


class UnknownMapping(FileRefused):
    """The mapping names columns that the file does not have."""


class AmbiguousColumn(FileRefused):
    """Columns {earlier} and {column} lead to the same field."""


class MissingColumn(FileRefused):
    """No column leads to {field}."""
