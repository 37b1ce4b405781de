"""Reads a report back: its text, its tags, the words of its drawings."""

import base64
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

from jaxseg.report import write_report

BANNER = "generated data: not comparable with any paper's figures"
VOID = {"meta", "img", "br", "link", "input"}


class Page(HTMLParser):
    """Checks that tags nest and collects the text, the tags and their attributes."""

    def __init__(self, source: str):
        super().__init__()
        self.text, self.tags, self._open = "", [], []
        self.feed(source)
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)
        if tag in VOID:
            self._open.pop()

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.text += data


def read(workdir, **options) -> Page:
    return Page(write_report(workdir, **options).read_text(encoding="utf-8"))


def headings(page: Page) -> list[str]:
    anchors = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    return [anchor.removeprefix("#") for anchor in anchors]


def svg_text(source: str) -> str:
    """The words of a drawing in a data URI; none in a picture."""
    kind, content = source.split(";base64,")
    if kind != "data:image/svg+xml":
        return ""
    return " ".join(ElementTree.fromstring(base64.b64decode(content)).itertext())


def section(page: str, anchor: str) -> str:
    """One panel of a page."""
    return re.search(rf'(?s)<section id="{anchor}">.*?</section>', page)[0]


def articles(page: str) -> dict[str, str]:
    """Video -> its part of the page."""
    found = re.findall(r"<article>.*?</article>", page)
    return {re.search(r"<h4>(\S+) ", each)[1]: each for each in found}


def drawings(article: str) -> dict[str, ElementTree.Element]:
    """Description -> the drawing."""
    shapes = re.findall(r'<svg class="(?:bar|curves|columns).*?</svg>(?=</?div|<span)', article)
    return {root.get("aria-label"): root for root in map(ElementTree.fromstring, shapes)}
