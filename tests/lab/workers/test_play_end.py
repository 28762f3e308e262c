"""When a reader's own run is over: finished, stuck with nobody to come, or too long."""

from types import SimpleNamespace

import pytest

from experiments.lab.workers.worker_kit.play_end import PATIENCE, Ending, Unwatched, quick


class Counting:
    """A loop that is over after so many steps."""

    whole = 10**6

    def over(self, number):
        return number >= self.whole


class Loop(Ending, Counting):
    what = {"steps": 200, "requests": {"a": {"at": 1}, "b": {"at": 30}}}


def driven(loop, gives):
    number = 0
    while not loop.over(number):
        number += 1
        loop.seen(number, gives(number))
    return number, loop.ended


def test_one_that_ends_is_finished_at_the_limit_too():
    for whole in (7, 200):
        loop = Loop()
        loop.whole = whole
        assert driven(loop, lambda _: True) == (whole, "finished")


def test_one_that_goes_on_is_stopped_at_the_limit():
    assert driven(Loop(), lambda _: True) == (200, "limit")


@pytest.mark.parametrize("last", [0, 30, 40])
def test_one_in_which_nothing_happens_after_the_last_arrival_is_stuck(last):
    assert driven(Loop(), lambda number: number <= last) == (max(last, 30) + PATIENCE, "stuck")


def test_a_quick_replay_makes_its_prompts_once_and_watches_nothing():
    made = []
    requests = SimpleNamespace(prompts=lambda asked: made.append(asked) or {"a": [1, 2]})
    module = SimpleNamespace(loop_requests=requests, RanLines=None)
    quick(module, {"a": {}})
    assert requests.prompts({"a": {}}) == requests.prompts({"a": {}}) == {"a": [1, 2]} and len(made) == 1
    with module.RanLines(["some.module:function"]) as ran:
        assert isinstance(ran, Unwatched) and ran.take() == ran.files() == {}
