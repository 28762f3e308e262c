"""The search finds a symptom by the words people use, before the posts on its subject; and the page without script."""

import pytest

pytestmark = pytest.mark.browser

FIRST = """() => [...document.querySelectorAll('.md-search-result__item')].slice(0, 1)
  .flatMap(item => [...item.querySelectorAll('.md-search-result__link')].slice(1, 2))
  .map(link => new URL(link.href)).map(url => url.pathname.split('/').slice(-2)[0] + '/' + url.hash)[0]"""
SAY = """said => { const field = document.querySelector('.md-search__input'); field.focus(); field.value = said;
  for (const name of ['input', 'keyup']) field.dispatchEvent(new Event(name, {bubbles: true})) }"""
SOUGHT = {
    "streams stall long prompts": "gaps-when-long-prompts-come",
    "hits random dataset": "hits-on-random-data",
    "GPU KV cache size": "kv-cache-size-at-start",
    "KV cache memory per token": "kv-bytes-of-a-token",
    "waiting requests KV cache usage low": "little-kv-used-many-waiting",
    "preemption counter rising": "preemptions-rising",
    "Retract requests": "retractions-rising",
    "one long prompt short ones": "one-long-prompt-holds-up-the-rest",
    "requests starve lpm": "cold-requests-starve-under-lpm",
    "GPU memory not released": "memory-not-released",
    "TTFT better without overlap": "ttft-better-without-overlap",
    "CPU core 100% idle": "core-at-100-percent-idle",
    "several tokens one chunk": "gap-of-a-chunk-not-a-token",
    "structured output slow": "throughput-falls-with-schemas",
    "schema never compiles": "schema-never-compiles",
}


def test_a_symptom_is_found_first_by_its_words(full_url, open_page):
    page = open_page(full_url)
    page.evaluate(SAY, "retract")
    page.wait_for_selector(".md-search-result__link", timeout=15_000)
    for said, wanted in SOUGHT.items():
        page.evaluate(SAY, said)
        page.wait_for_function(f"({FIRST})() === 'symptoms/#{wanted}'", timeout=15_000)


def test_every_entry_is_there_without_javascript(full_url, open_page):
    page = open_page(f"{full_url}symptoms/", 390, java_script_enabled=False)
    entries = page.locator("section.symptom")
    assert entries.count() >= 22
    assert page.locator(".symptoms-list a").count() == entries.count()
    first = page.locator("details.fold").first
    first.locator("summary").click()
    assert first.get_attribute("open") is not None
