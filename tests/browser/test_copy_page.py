""" "Copy as Markdown": the clipboard has the page's twin, and without a script there is no button."""


def test_the_clipboard_has_the_twin(open_page, full_url, full_site, post):
    page = open_page(full_url + post, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as Markdown").click()
    page.wait_for_function("document.getElementById('copy-page-said')?.textContent === 'Copied'")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == (full_site / "site" / post / "index.md").read_text()
    assert page.get_by_role("button", name="Copy this page as Markdown").is_visible()


def test_what_cannot_be_fetched_is_said(open_page, full_url, post):
    page = open_page(full_url + post, permissions=["clipboard-read", "clipboard-write"])
    page.route("**/index.md", lambda route: route.abort())
    page.get_by_role("button", name="Copy as Markdown").click()
    page.get_by_role("status").filter(has_text="Not copied").wait_for()


def test_without_a_script_there_is_the_link_alone(open_page, full_url, post):
    page = open_page(full_url + post, java_script_enabled=False)
    assert page.get_by_role("button", name="Copy as Markdown").count() == 0
    assert page.get_by_role("link", name="This page as Markdown").is_visible()


def test_on_a_phone_the_title_keeps_its_room(open_page, full_url, post):
    page = open_page(full_url + post, 390)
    assert not page.get_by_role("button", name="Copy this page as Markdown").is_visible()
    assert page.get_by_role("button", name="Copy as Markdown").is_visible()
