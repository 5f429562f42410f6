"""Bytes become text; what is no text in the file's encoding is marked, so that one row fails.

A byte that cannot be decoded becomes a lone surrogate, as Python's own file names have it.
"""

import codecs
import re

from app.imports.formats.errors import NotInEncoding

_BOM = "\ufeff"
_ASCII = bytes(range(128))
_MARK = re.compile("[\ud800-\udfff]")


class Decoder:
    """Decodes block by block.

    Where letters have the same bytes as in ASCII, a bad byte costs its row and no more. In other
    encodings, e.g. UTF-16, nothing behind it can be trusted: the file is refused.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._errors = "surrogateescape" if _is_like_ascii(encoding) else "strict"
        self._decoder = codecs.getincrementaldecoder(encoding)(self._errors)
        self._is_begun = False
        self._lines = 0
        self.is_suspect = False

    def feed(self, block: bytes, *, is_last: bool = False) -> str:
        """The block's text. `is_suspect` tells from then on that marks or NULs may be in it."""
        try:
            text = self._decoder.decode(block, is_last)
        except UnicodeError:
            # Not always the kind that names a byte: UTF-16 without its mark raises this one.
            raise NotInEncoding(encoding=self._encoding.upper(), line=self._lines) from None
        if text and not self._is_begun:
            self._is_begun = True
            text = text.removeprefix(_BOM)
        if self._errors == "strict":
            self._lines += text.count("\n")
        self.is_suspect = self.is_suspect or "\x00" in text or not is_clean(text)
        return text


def is_clean(text: str) -> bool:
    """Whether no byte of it was undecodable."""
    if text.isascii():
        return True
    # Much quicker than to look for the marks.
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def cleaned(text: str) -> str:
    """With the sign for what could not be decoded in place of each mark."""
    return text if is_clean(text) else _MARK.sub("\ufffd", text)


def is_larger(text: str, limit_bytes: int) -> bool:
    """Whether it has more bytes in UTF-8."""
    # A character has at most four.
    return len(text) * 4 > limit_bytes and (
        len(text) > limit_bytes or len(text.encode("utf-8", "surrogatepass")) > limit_bytes
    )


def _is_like_ascii(encoding: str) -> bool:
    try:
        return _ASCII.decode(encoding) == _ASCII.decode("ascii")
    except UnicodeDecodeError:
        return False
