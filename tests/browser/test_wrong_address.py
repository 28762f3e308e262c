"""The page for a wrong address, sent from another root than the published one, finds its sheets and leads home."""

import functools
import http.server
import threading

import pytest

pytestmark = pytest.mark.browser


class Lost(http.server.SimpleHTTPRequestHandler):
    """Answers what is not there with the site's 404.html, as hosts do."""

    def log_message(self, *_):
        pass

    def send_error(self, code, *_):
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        with open(f"{self.directory}/404.html", "rb") as page:
            self.wfile.write(page.read())


@pytest.fixture
def root(full_site):
    """The built site, which is published below a folder, served at "/"."""
    handler = functools.partial(Lost, directory=str(full_site / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_it_works_at_another_root(open_page, root):
    page = open_page(f"{root}posts/not/there/")
    assert page.get_by_role("heading", name="No page here").is_visible()
    assert page.evaluate("getComputedStyle(document.body).getPropertyValue('--si-prose')"), "its sheets did not arrive"
    page.get_by_role("link", name="All posts in reading order").click()
    page.wait_for_url(root)
    assert page.get_by_role("heading", level=1).first.is_visible()
