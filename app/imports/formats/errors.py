"""Why a file as a whole makes no sense. Columns are named by their position, from 1.

FileRefused
├── EmptyFile · BadHeader · UnnamedColumn · DuplicateColumn · LongColumnName · TooManyColumns
├── NotInEncoding
└── NotGzip · CorruptGzip · TruncatedGzip · UnpacksTooLarge · UnpacksTooFar
"""

from app.core.errors import Invalid


class FileRefused(Invalid):
    """The file cannot be read."""


class EmptyFile(FileRefused):
    """The file is empty."""


class BadHeader(FileRefused):
    """The header, on line {line}, cannot be read: {problem}."""


class UnnamedColumn(FileRefused):
    """Column {column} of the header has no name."""


class DuplicateColumn(FileRefused):
    """Column {column} of the header has the same name as column {earlier}."""


class LongColumnName(FileRefused):
    """Column {column} of the header has a name of more than {most} characters."""


class TooManyColumns(FileRefused):
    """The file has more than {most} columns."""


class NotInEncoding(FileRefused):
    """The file is not {encoding}; it could be read up to line {line}."""


class NotGzip(FileRefused):
    """The file is not compressed with gzip, though it is said to be."""


class CorruptGzip(FileRefused):
    """The compressed file is damaged; {unpacked_bytes} bytes could be unpacked."""


class TruncatedGzip(FileRefused):
    """The compressed file ends too early; {unpacked_bytes} bytes could be unpacked."""


class UnpacksTooLarge(FileRefused):
    """The compressed file holds more than {most_bytes} bytes."""


class UnpacksTooFar(FileRefused):
    """The compressed file grows to more than {most} times its size."""
