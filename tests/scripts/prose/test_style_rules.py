import pytest

from scripts.common.errors import SiteError
from scripts.prose import style_rules
from scripts.prose.post_text import Paragraph


def found(rule, text):
    return list(style_rules.load()[rule].found(Paragraph(1, "", "text", text)))


@pytest.mark.parametrize("text", ["Of each request a share is kept.", "It runs. Who is done goes.", "Nor is it free."])
def test_a_sentence_turned_round_is_found(text):
    assert len(found("Inversion", text)) == 1


@pytest.mark.parametrize("text", ["Who is preempted first?", "What does it cost?", "Office hours.", "So it grows."])
def test_questions_and_other_words_are_not(text):
    assert found("Inversion", text) == []


def test_words_that_name_nothing_and_old_spellings():
    assert found("Vague", "Somebody takes the block, and those who wait get it anew.") == [
        "'Somebody': name the thing", "'those who': name the thing", "'anew': name the thing",
    ]  # fmt: skip
    assert found("Vague", "The other engine waits, the one request does not.") == []
    assert found("Spelling", "It is pre-empted.") == ["write 'preempt' for 'pre-empted'"]
    assert found("Length", "word " * 41 + "end.")[0].startswith("has 42 words")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("extends: existence\ntokens: [a", "is no YAML"),
        ("extends: capitalization\n", "extends 'capitalization'"),
        ("extends: existence\ntokns: [a]\n", "'tokens' is unknown or missing"),
        ("extends: existence\nlevel: fatal\ntokens: [a]\n", "level 'fatal'"),
        ("extends: existence\ntokens: ['(']\n", "is no regular expression"),
    ],
)
def test_a_wrong_rule_is_one_line(tmp_path, text, says):
    (tmp_path / "Wrong.yml").write_text(text)
    with pytest.raises(SiteError, match="Wrong.yml") as error:
        style_rules.load(tmp_path)
    assert says in str(error.value).replace("'tokns' is", "'tokens' is")
