import dataclasses

import pytest

from scripts.common.errors import SiteError
from scripts.prose import figures

GOOD = figures.Figures("02", 3000, 400, 800, 20.0, 1.0, 1.0, 6.0, 5.0, 25)
LIMITS = {
    "words": [2500, 3500], "code_by": 500, "replay_by": 900, "openings_percent": 4.0, "vague_per_1000": 4.2,
    "you_per_1000": 5.0, "example_per_1000": 4.0, "result_words": 25,
}  # fmt: skip


def test_a_post_within_its_limits_is_over_none():
    assert figures.over(GOOD, LIMITS) == []
    assert figures.over(dataclasses.replace(GOOD, replay_at=None), LIMITS) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"words": 3501}, "3,501 words of main text"),
        ({"code_at": 501}, "first code after 501 words"),
        ({"code_at": None}, "first code after None words"),
        ({"replay_at": 901}, "replay after 901 words"),
        ({"openings": 4.1}, "4.1% of sentences are turned round"),
        ({"vague": 4.3}, "4.3 vague words"),
        ({"you": 4.9}, "4.9 of you and we"),
        ({"example": 3.9}, "3.9 of for example and say"),
        ({"longest_result": 26}, "a result line of 26 words"),
    ],
)
def test_each_limit_has_its_line(change, says):
    (line,) = figures.over(dataclasses.replace(GOOD, **change), LIMITS)
    assert line.startswith(says)


def test_the_posts_that_were_told_anew_keep_to_their_limits(capsys):
    assert figures.main([]) == 0, capsys.readouterr().out
    assert capsys.readouterr().out.splitlines()[0].split()[0] == "post"


def test_an_unknown_post_is_one_line():
    with pytest.raises(SiteError, match="--post 99: no such post; there are 01, 02"):
        figures.main(["--post", "99"])
