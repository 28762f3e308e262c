"""The sitemap has every page, and days on which something changed for a reader."""

import gzip
import xml.etree.ElementTree as ElementTree

from scripts.publish import built_pages, sitemap
from tests.conftest import ROOT

SPACE = {"s": sitemap.NAMESPACE}


def test_a_page_has_its_own_day_or_none(post, home):
    urls = ElementTree.fromstring(sitemap.text([home, post])).findall("s:url", SPACE)
    assert [url.findtext("s:loc", namespaces=SPACE) for url in urls] == [home.address, post.address]
    assert urls[1].findtext("s:lastmod", namespaces=SPACE) == "2026-11-28"


def test_the_built_one_is_whole_and_packed_alike(built_site):
    data = (built_site / "sitemap.xml").read_bytes()
    assert gzip.decompress((built_site / "sitemap.xml.gz").read_bytes()) == data
    urls = ElementTree.fromstring(data).findall("s:url", SPACE)
    listed = {url.findtext("s:loc", namespaces=SPACE) for url in urls}
    assert listed == {page.address for page in built_pages.read(built_site, ROOT)} and len(listed) > 25
