from scripts.prose import post_text
from scripts.quotes.manifest_tables import Excerpt, Note

PAGE = """---
title: A page
---
# A page

## In short

A step takes {{pace.ms}} at [most](x.md). Is that `long`?

/// excerpt | loop
    folded: true
///

- **One** item{fixed: chosen}.
- Another.

| a | b |
|---|---|
| 1 | two words |

/// details | More
    attrs: {id: more}
Not read at first.
///

//// sides

/// pseudo | vllm
for r in running: serve(r)
///

////

/// result | pace
    alt: no prose
Measured: nothing {{mark:pace}}.
///

/// replay | loop
///

/// excerpt | door
///

## Evidence

Not counted.
"""


def read():
    notes = (Note(id="a", at="x", text="Read **beside** the code."),)
    excerpt = Excerpt(file="f", id="door", engine="vllm", path="p", symbol="s", notes=notes)
    return post_text.read(PAGE, {"door": excerpt})


def test_a_post_is_read_in_order_without_code_options_and_evidence():
    assert [(each.kind, each.text, each.folded) for each in read().paragraphs] == [
        ("text", "A step takes 123 at most. Is that long?", False),
        ("item", "One item.", False),
        ("item", "Another.", False),
        ("table", "| a | b |", False),
        ("table", "|---|---|", False),
        ("table", "| 1 | two words |", False),
        ("text", "Not read at first.", True),
        ("result", "Measured: nothing .", False),
        ("note", "Read beside the code.", False),
    ]


def test_words_are_of_the_open_text_and_code_is_found_where_it_stands_open():
    post = read()
    assert post.main_words == 9 + 3 + 5 + 2 + 4
    assert post.before_code == 17, "the folded excerpt is none, the pseudo-code is"
    assert post.before_replay == 19


def test_a_sentence_ends_before_a_capital_and_not_within_a_number():
    paragraph = post_text.Paragraph(1, "", "text", "It takes 1.5 ms. vLLM waits: Then it goes. Is it? (Yes.)")
    assert paragraph.sentences() == ["It takes 1.5 ms. vLLM waits:", "Then it goes.", "Is it?", "(Yes.)"]
    assert post_text.Paragraph(1, "", "table", "One. Two.").sentences() == []
