"""Progress says what runs, what is left and how long it takes, with one part and with several."""

import io

import pytest

from experiments.lab.host.progress import Progress


class Clock:
    def __init__(self, **parts):
        self.now, self.out = 0.0, io.StringIO()
        self.progress = Progress(parts, stream=self.out, now=lambda: self.now)

    def last(self):
        return self.out.getvalue().splitlines()[-1]


def test_one_part_says_how_far_it_is_and_how_long_is_left():
    clock = Clock(a=60)
    clock.progress.start("a")
    assert clock.last() == "a: starting · 60 s left"
    clock.now = 30.0
    clock.progress.show(5, 10, "round", force=True)
    assert clock.last() == "a: 50% round · 30 s left"
    clock.progress.finish()
    assert clock.last() == "a: done in 30 s"


def test_several_say_which_it_is_what_comes_after_and_the_time_of_all():
    clock = Clock(f1=300, f2=240, f3=180)
    clock.progress.start("f1")
    assert clock.last() == "f1 (1 of 3): starting, then f2, f3 · 12 min left"
    clock.now = 300.0
    clock.progress.finish()
    clock.progress.start("f2")
    assert clock.last() == "f2 (2 of 3): starting, then f3 · 7 min left"
    clock.now += 240
    clock.progress.finish()
    clock.progress.start("f3")
    assert clock.last() == "f3 (3 of 3): starting · 3 min left"


def test_what_took_longer_lengthens_what_is_left():
    clock = Clock(a=120, b=120)
    clock.progress.start("a")
    clock.now = 360.0  # three times the estimate; b is expected to take (360 + 120) / (120 + 120) of its own
    clock.progress.finish()
    clock.progress.start("b")
    assert clock.last() == "b (2 of 2): starting · 4 min left"


def test_a_short_part_that_was_quick_does_not_shorten_the_long_ones():
    clock = Clock(card=60, load=600)
    clock.progress.start("card")
    clock.now = 10.0
    clock.progress.finish()
    clock.progress.start("load")
    assert clock.progress.left_s(0, 0) == pytest.approx(600 * 610 / 660)


def test_a_failed_part_is_gone_and_says_nothing_about_the_others():
    clock = Clock(a=300, b=300)
    clock.progress.start("a")
    clock.now = 1.0
    clock.progress.finish("failed")
    assert clock.last() == "a (1 of 2): failed after 1 s"
    clock.progress.start("b")
    assert clock.last() == "b (2 of 2): starting · 5 min left"


def test_lines_come_now_and_then_where_output_is_no_terminal():
    clock = Clock(a=60)
    clock.progress.start("a")
    for second in range(1, 31):
        clock.now = float(second)
        clock.progress.show(second, 60, "round")
    assert len(clock.out.getvalue().splitlines()) == 3
