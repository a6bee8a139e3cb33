"""HTML as platforms send it (Mastodon, feeds, forums) read as plain text.

Nothing of the markup survives, so nothing of it can run; what a page shows is escaped by the template all the same.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_LONGEST = 200_000  # characters of HTML that are read
_PARAGRAPHS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "div",
        "dl",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "ul",
    ]
)
_LINES = frozenset(["br", "dd", "dt", "figcaption", "li", "option", "tr"])
_HIDDEN = frozenset(["head", "iframe", "noscript", "object", "script", "style", "svg", "template", "title"])
_SPACES = re.compile(r"[ \t\n\r\f\v]+")
_TIDY = re.compile(r" *\n *")
_GAPS = re.compile(r"\n{3,}")
# The standard parser looks for the end of what never ends again and again: quadratic on hostile input (14 s for
# 200 KB of "<!--"). So comments, declarations and every "<" that opens no complete tag are dealt with before it.
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_DECLARATION = re.compile(r"<[!?][^<>]*>")
_NO_TAG = re.compile(r"<(?!/?[A-Za-z][^<>]*(?:<[^<>]*){0,3}>)")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden: list[str] = []
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden.append(tag)
        elif self._hidden:
            return
        elif tag in _PARAGRAPHS:
            self.parts.append("\n\n")
            self._pre += tag == "pre"
        elif tag in _LINES:
            self.parts.append("\n- " if tag == "li" else "\n")
        elif tag in {"td", "th"}:
            self.parts.append(" ")
        elif tag == "img":
            self.parts.append(dict(attrs).get("alt") or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            while self._hidden.pop() != tag:
                pass
        elif tag in _PARAGRAPHS and not self._hidden:
            self.parts.append("\n\n")
            self._pre = max(0, self._pre - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data if self._pre else _SPACES.sub(" ", data))


def from_html(html: str) -> str:
    """Return the text of an HTML fragment: paragraphs an empty line apart, `<br>` a line, entities resolved.

    The parts of a link that Mastodon hides with `class="invisible"` are kept: together they are the whole address.
    """
    if "<" not in html and "&" not in html:
        return html.strip()
    reader = _Reader()
    reader.feed(_closed(html[:_LONGEST]))
    reader.close()
    text = "".join(reader.parts)
    return _GAPS.sub("\n\n", _TIDY.sub("\n", text)).strip()


def _closed(html: str) -> str:
    first, *rest = html.split("<!--")
    kept = "".join((first, *(part.partition("-->")[2] for part in rest)))
    return _NO_TAG.sub("&lt;", _DECLARATION.sub("", _CDATA.sub("", kept)))
