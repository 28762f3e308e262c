"""sitemap.xml, with the day on which each page last changed for a reader, not the day of the build."""

import gzip
from pathlib import Path
from xml.etree import ElementTree

from scripts.publish import page_dates
from scripts.publish.built_pages import BuiltPage

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def text(pages: list[BuiltPage]) -> bytes:
    """The file. A page whose day nobody knows has none."""
    urls = ElementTree.Element("urlset", xmlns=NAMESPACE)
    for page in pages:
        url = ElementTree.SubElement(urls, "url")
        ElementTree.SubElement(url, "loc").text = page.address
        if (changed := page_dates.changed(page)) is not None:
            ElementTree.SubElement(url, "lastmod").text = changed.isoformat()
    ElementTree.indent(urls)
    return ElementTree.tostring(urls, "utf-8", xml_declaration=True) + b"\n"


def write(site: Path, pages: list[BuiltPage]) -> None:
    """Writes the file, and packed beside it, in place of the generator's own."""
    data = text(pages)
    (site / "sitemap.xml").write_bytes(data)
    (site / "sitemap.xml.gz").write_bytes(gzip.compress(data, 9, mtime=0))
