"""What an HTML message says, for whoever reads mail as plain text. Pure."""

import re
from html.parser import HTMLParser

_BREAKS = frozenset(
    {"br", "p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
)
_UNSEEN = frozenset({"script", "style", "head", "title"})
_MANY_BREAKS = re.compile(r"\s*\n\s*")
_MANY_SPACES = re.compile(r"[ \t\r\f\v]+")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.said.append("\n")
        elif tag in ("td", "th"):
            self.said.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN and self._unseen:
            self._unseen -= 1
        if tag in _BREAKS:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.said.append(data.replace("\n", " "))


def plain_of(html: str) -> str:
    """The text of a page, a line for each of its paragraphs and rows."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = _MANY_SPACES.sub(" ", "".join(reader.said))
    return _MANY_BREAKS.sub("\n", text).strip() + "\n"
