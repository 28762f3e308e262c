"""The typed-number check: what counts as typed, what vouches for a number, and that a page which types one fails."""

import re

import pytest

from scripts.catalog import number_forms, typed_numbers
from scripts.common.errors import SiteError
from scripts.pages import references
from tests.scripts.fixtures.small_site import FAMOUS, KNOBS, Site


def typed(line):
    return [each.text for each in typed_numbers.in_line(line, "docs/x.md", 1)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("It takes 3 ms.", ["3 ms"]),
        ("It takes 3ms.", ["3ms"]),
        ("<50 µs and ~12 us", ["<50 µs", "~12 us"]),
        ("1 s, 2.5 s", ["1 s", "2.5 s"]),
        ("1.5x, 1.5×, 2 times, 10-fold", ["1.5x", "1.5×", "2 times", "10-fold"]),
        ("API 33%, GPU 38 %, 5 percent", ["33%", "38 %", "5 percent"]),
        ("20.4 to 38.2% of it", ["20.4 to 38.2%"]),
        ("5 tok/s, 12 req/s, 3 TFLOP/s, 4.8 TB/s", ["5 tok/s", "12 req/s", "3 TFLOP/s", "4.8 TB/s"]),
        ("16 GiB, 900 KB, 80 bytes, 4 MB", ["16 GiB", "900 KB", "80 bytes", "4 MB"]),
        ("a 4,096-token prompt of 128 tokens", ["4,096-token", "128 tokens"]),
        ("| 33% | **29%** | _3 ms_ |", ["33%", "29%", "3 ms"]),
        ("![a bar of 3 ms](bar-4ms.png)", ["3 ms"]),
        ('<img alt="4 ms" width="90%">', ["4 ms"]),
        ("    alt: The wait is 61%.", ["61%"]),
        ("[3 ms](x.md)", ["3 ms"]),
        ("The p99 is 83. It has 4 GB then.", ["p99 is 83", "4 GB"]),
        ("SGLang is twice as fast, in three times as long", ["twice as fast", "three times as long"]),
        ("128&nbsp;tokens, 3\u00a0ms", ["128&nbsp;tokens", "3\u00a0ms".replace("\u00a0", " ")]),
    ],
)
def test_numbers_with_a_unit_are_found(line, found):
    assert typed(line) == found


@pytest.mark.parametrize(
    "line",
    [
        "`3 ms`",
        "{{wait.share}} of it, {{wait.p50}} ms",
        "Qwen3-8B, SmolLM2-135M, an 8B model, H200",
        "vLLM 0.32.0 and Python 3.11",
        "port 8000, 7 posts, line 591, issue #7604",
        "[text](http://host/3ms) and https://host/5%20s",
        "a 95% interval, a 95% bootstrap interval",
        "in 2024-09 something",
        "twice, half, ten times",
        "address 37 % 16 and 12 × 16 + 5",
        "half as many requests, TPOT at 128 requests",
        "step 1 starts",
    ],
)
def test_what_is_no_measurement_passes(line):
    assert typed(line) == []


def test_code_blocks_comments_and_front_matter_keys_are_no_prose():
    text = "---\ndate: 3 ms\ntitle: It takes 4 ms\n---\n```\n5 ms\n```\n~~~~\n6 ms\n~~~~\n<!-- 7 ms\n8 ms -->\n9 ms\n"
    assert [(each.line, each.text) for each in typed_numbers.in_page(text, "docs/x.md")] == [(3, "4 ms"), (13, "9 ms")]


def test_a_mark_vouches_for_the_number_before_it_alone():
    found = typed_numbers.in_line("**33%**{quoted: blog}, 16 tokens{fixed: the default}, and 3 ms.", "docs/x.md", 7)
    assert [(each.text, each.kind, each.why) for each in found] == [
        ("33%", "quoted", "blog"),
        ("16 tokens", "fixed", "the default"),
        ("3 ms", "", ""),
    ]
    assert len(typed_numbers.problems(found, {"blog": {}})) == 1


def test_a_mark_without_a_reason_stops():
    with pytest.raises(SiteError, match=r"docs/x.md:1: \{fixed:\} gives no reason"):
        typed_numbers.in_page("3 ms{fixed: }", "docs/x.md")


def test_a_page_that_types_a_number_fails_with_file_and_line(tmp_path):
    site = Site(tmp_path)
    assert typed_numbers.problems(typed_numbers.scan(site.root), {"blog": {}}) == []
    site.write("docs/posts/02-typed.md", "# A post\n\nIt takes 3 ms.\n")
    (line,) = typed_numbers.problems(typed_numbers.scan(site.root), {"blog": {}})
    assert line.startswith("docs/posts/02-typed.md:3: types '3 ms'") and "{{...}}" in line


def test_a_source_that_nobody_names_fails(tmp_path):
    site = Site(tmp_path)
    (line,) = typed_numbers.problems(typed_numbers.scan(site.root), {})
    assert "docs/posts/01-one-request.md:13" in line and "'blog'" in line and "famous.toml" in line


def test_the_prose_of_a_manifest_is_read_too(tmp_path):
    site = Site(tmp_path)
    site.write("snippets/01-one-request.toml", site.manifest.replace("It schedules first.", "It takes 3 ms."))
    (line,) = typed_numbers.problems(typed_numbers.scan(site.root), {"blog": {}})
    assert line.startswith("snippets/01-one-request.toml:11: types '3 ms'")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("Another model.", "Another model takes 3 ms.", 23),
        ("of the time (", "of 3 ms (", 21),
    ],
)
def test_what_is_ours_of_a_famous_number_is_read_too(tmp_path, old, new, line):
    """What is theirs has its source and is typed: the small site's 33% stands there unmarked."""
    site = Site(tmp_path)
    assert old in FAMOUS and "33%" in FAMOUS
    site.write("snippets/famous.toml", FAMOUS.replace(old, new))
    (said,) = typed_numbers.problems(typed_numbers.scan(site.root), {"blog": {}})
    assert said.startswith(f"snippets/famous.toml:{line}: types '3 ms'")


def test_what_a_knob_trades_is_read_too(tmp_path):
    site = Site(tmp_path)
    site.write("snippets/knobs.toml", KNOBS.replace("More is *slower*.", "More takes 3 ms."))
    (line,) = typed_numbers.problems(typed_numbers.scan(site.root), {"blog": {}})
    assert line.startswith("snippets/knobs.toml:11: types '3 ms'")


def on_page(text):
    return [(each.line, each.text) for each in typed_numbers.in_page(text, "docs/x.md") if not each.kind]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It takes 20\nms here.", [(1, "20 ms")]),
        ("It takes 20\r\nms here.\r\n", [(1, "20 ms")]),
        ("x\n\n- It takes 20\n  ms here.", [(3, "20 ms")]),
        ("> It takes 20\n> ms here.", [(1, "20 ms")]),
        ("> > It takes **20**\n> > ms here.", [(1, "20 ms")]),
        ("It takes 20 to\n30 ms here.", [(1, "20 to 30 ms")]),
        ("saves 33\n% of it", [(1, "33 %")]),
        ("about 128\n`x` tokens", []),
        ("In 20\n\nms are", []),
        ("| 20 |\n| ms |", []),
        ("---\ntitle: >\n  It takes 20\n  ms\ndate: 3\n  ms\n---\nx", [(3, "20 ms")]),
        ("---\nanswer: It takes 20\n  ms\n---\nx", [(2, "20 ms")]),
        ("It takes 20 ms\n{fixed: the timer} here, and 5\nms{fixed: too}.", []),
    ],
)
def test_a_line_s_end_is_a_blank(text, found):
    assert on_page(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write `<!--` first. It takes 33 ms. Then `-->`.", [(1, "33 ms")]),
        ("Open with `<!--`.\n\nIt takes 33 ms.\n\nClose with `-->`.", [(3, "33 ms")]),
        ("```html\n<!--\n```\n\nIt takes 33 ms.\n\n<!-- fine -->", [(5, "33 ms")]),
        ("<!--\n```\n-->\n\nIt takes 33 ms.\n\n<!--\n```\n-->", [(5, "33 ms")]),
        ("Set `a 5 ms\n6 ms` so, in 7 ms.", [(2, "7 ms")]),
        ("1. x\n\n    ```\n    33 ms\n    ```\n\n4 ms", [(7, "4 ms")]),
        ("- ```\n  33 ms\n  ```\n\n4 ms", [(5, "4 ms")]),
        ("> ```\n> 33 ms\n> ```\n\n4 ms", [(5, "4 ms")]),
        ("~~~ `x`\n```\n33 ms\n~~~\n4 ms", [(5, "4 ms")]),
        ("```\n33 ms\n`````\n4 ms", [(4, "4 ms")]),
        ("```x``` is code, 4 ms is not\n", [(1, "4 ms")]),
        ("```\n33 ms\n\n4 ms", []),
        (r"\`33 ms\`", [(1, "33 ms")]),
        ("[a][20 ms]\n\n[20 ms]: x.md\n", []),
    ],
)
def test_what_is_code_or_a_comment_is_told_by_which_begins_first(text, found):
    assert on_page(text) == found


@pytest.mark.parametrize(
    "line",
    [
        *(f"20{blank}ms" for blank in ("  ", "\t", "\u00a0", "\u202f", "\u2009", "\u2060", "\u3000")),
        *(f"20{blank}ms" for blank in ("&thinsp;", "&nbsp;", "&#160;", "&#x2009;", "\\ ", "** ", "* ", "</b> ")),
        "**20** ms",
        "__20__ ms",
        "`20` ms",
        "[20](x.md) ms",
        "<span class='a'>20</span> ms",
        '<img alt="20\nms">',
        "２０ ms",
        "½ s",
        "2½ s",
        "3/4 s",
        "1,000 Mtok/s",
        "2 GB/s",
        "5 tok/sec",
        "5 tokens per minute",
        "300 W",
        "3 days",
        "2 weeks",
        "50 per cent",
        "5 ‰",
        "twenty milliseconds",
        "Twenty-one\nseconds",
        "two hundred microseconds",
        "five per cent",
        "ten-minute",
        "threefold",
        "tenfold",
        "p99 is 83",
        "a median of 12",
        "TTFT: 40",
        "$2 per hour",
    ],
)
def test_other_ways_to_write_a_number_with_a_unit(line):
    assert len(on_page(line)) == 1


def test_what_people_count_on_their_fingers_is_no_measurement():
    line = "one token, two requests, ten times, a second chance, per second, a manifold, a millisecond, 3 blocks, at 5"
    assert on_page(line) == []


def test_a_comment_s_signs_in_code_hide_no_block_and_no_reference():
    text = "`<!--`\n\n/// claim | a\n///\n\n{{b.c}} and `{{no.value}}\n{{nor.this}}`\n\n`-->`\n"
    assert [(use.kind, use.id, use.line) for use in references.scan_text(text, "x.md")] == [
        ("claim", "a", 3),
        ("value", "b.c", 6),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mkdocs.yml", "site_name: x\nsite_description: In 3 ms.\n"),
        ("docs/posts/reading-order.toml", '[[post]]\nabout = "In 3 ms."\n'),
        ("snippets/02-x.toml", '[[replay]]\ntitle = "In 3 ms."\n'),
        ("snippets/02-x.toml", '[[replay]]\n[[replay.because]]\ntext = "In 3 ms."\n'),
        ("snippets/02-x.toml", '[[compare]]\n[[compare.mark]]\ntext = "In 3 ms."\n'),
        ("snippets/02-x.toml", '[[compare]]\nbecause = "In 3 ms."\n'),
        ("snippets/02-x.toml", '[[compare]]\nquestion = """In 3\nms?"""\n'),
    ],
)
def test_what_replays_order_and_description_say_is_prose(tmp_path, name, text):
    site = Site(tmp_path)
    site.write(name, text)
    (line,) = typed_numbers.problems(typed_numbers.scan(site.root), {"blog": {}})
    assert re.match(rf"{name}:[234]: types '3 ms'", line)


def test_a_reason_is_kept_letter_by_letter(tmp_path):
    (number,) = typed_numbers.in_line("4 s{fixed: vllm/a.py::_private_name, of _two_}", "a.md", 1)
    assert number.why == "vllm/a.py::_private_name, of _two_"


def test_the_readme_types_no_number_and_marks_one_by_a_comment(tmp_path):
    Site(tmp_path).write("README.md", "It saves 76%.\n\nIt takes 3 GB<!-- fixed: its size --> of disk.\n")
    mine = [number for number in typed_numbers.scan(tmp_path) if number.file == "README.md"]
    assert [(number.text, number.line, number.kind) for number in mine] == [("76%", 1, ""), ("3 GB", 3, "fixed")]


@pytest.mark.parametrize(
    "number", ["ten seconds", "Two per cent", "half as fast", "TWELVE\nminutes", "fivefold"]
)
def test_a_spelled_number_is_found_in_whichever_paragraph_it_stands(number):
    text = f"No number.\n\n\nAnd: {number}, said.\n\n{number}\n\n \n\nthree\n\ntimes as fast"
    spans = [match.span() for match in number_forms.SPELLED.finditer(text)]
    assert len(spans) == 2 and [match.span() for match in number_forms.found(text)] == spans
