"""A page over a slow line: scripts run while only a part of it is there, and do nothing to a part that is not whole."""

import functools
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser.test_search import MARKED

pytestmark = pytest.mark.browser
POST = "/posts/02-scheduler-loop/"
ASKED = "?h=token+budget"


class _InTwoParts(SimpleHTTPRequestHandler):
    """The post's first bytes at once, up to `cut`; the rest when `go_on` is set."""

    def __init__(self, *args, cut: int, go_on: threading.Event, **kwargs):
        self.cut, self.go_on = cut, go_on
        super().__init__(*args, **kwargs)

    def copyfile(self, source, outputfile) -> None:
        if self.path.startswith(POST):
            outputfile.write(source.read(self.cut))
            outputfile.flush()
            self.go_on.wait(30)
        super().copyfile(source, outputfile)

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def halved(full_site, browser):
    """halved(asked) -> the post's page of which a half is there, the function that sends the rest, and its errors."""
    site = full_site / "site"
    html = (site / POST.strip("/") / "index.html").read_bytes()
    code = [found.start() for found in re.finditer(rb"excerpt-code", html)]
    cut, go_on = code[len(code) // 2], threading.Event()
    figures = len(re.findall(rb'<figure class="?excerpt[" ]', html[:cut]))
    handler = functools.partial(_InTwoParts, directory=str(site), cut=cut, go_on=go_on)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page, errors = browser.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def open_it(asked: str):
        page.goto(f"http://127.0.0.1:{server.server_port}{POST}{asked}", wait_until="commit")
        # All of the first part: a busy machine parses it piece by piece.
        page.wait_for_function(f"document.querySelectorAll('figure.excerpt').length === {figures}")
        assert page.evaluate("document.readyState") == "loading"

        def rest() -> None:
            go_on.set()
            page.wait_for_load_state("load")

        return page, rest, errors

    yield open_it
    go_on.set()
    page.close()
    server.shutdown()
    server.server_close()


def test_the_words_of_the_whole_page_are_marked_also_when_the_search_is_there_first(halved, open_page, full_url):
    page, rest, errors = halved(ASKED)
    page.wait_for_function("globalThis.siteSearch")
    page.wait_for_timeout(300)  # the script that marks follows the one that knows words
    rest()
    page.wait_for_selector(".search-unmark")
    whole = open_page(full_url + POST.strip("/") + "/" + ASKED)
    whole.wait_for_selector(".search-unmark")
    assert len(page.evaluate(MARKED)) == len(whole.evaluate(MARKED)) > 20
    assert errors == []


def test_what_a_script_puts_at_the_page_s_end_does_not_make_an_excerpt_whole(halved):
    page, rest, errors = halved("")
    last = "[...document.querySelectorAll('figure.excerpt')].at(-1)"
    assert page.evaluate(f"!{last}.querySelector('.excerpt-code')"), "this excerpt was to be cut in its middle"
    page.evaluate("document.body.append(document.createElement('div'))")
    page.wait_for_timeout(300)
    assert page.evaluate(f"'ready' in {last}.dataset") is False
    rest()
    assert page.evaluate("document.querySelectorAll('figure.excerpt:not([data-ready])').length") == 0
    assert errors == []
