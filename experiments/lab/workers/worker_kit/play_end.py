"""When the replay of a reader's own requests is over: when all have ended, or when they never will. And what makes a
long one quick.

Standard library only.
"""

PATIENCE = 50  # steps without a token, after the last arrival, beyond which nothing will change


class Ending:
    """Before a Loop of vllm_loop.py or sglang_loop_replay.py in the order of bases: it ends where theirs raise."""

    ended, idle = "finished", 0

    def seen(self, number: int, gave: bool) -> None:
        """Step `number` is done; `gave` says whether a request got a token in it."""
        last = max(how["at"] for how in self.what["requests"].values())
        self.idle = 0 if gave or number <= last else self.idle + 1

    def over(self, number: int) -> bool:
        if super().over(number):
            return True
        if self.idle >= PATIENCE:
            self.ended = "stuck"
        elif number >= self.what["steps"]:
            self.ended = "limit"
        return self.ended != "finished"


class Unwatched:
    """In place of RanLines: no line is watched, for the page shows none, and watching takes as long as scheduling."""

    def __init__(self, names: list[str]):
        pass

    def __enter__(self) -> "Unwatched":
        return self

    def __exit__(self, *_) -> None:
        pass

    def take(self) -> dict:
        return {}

    files = take


def quick(module, requests: dict) -> None:
    """Has the replay of `module`, vllm_loop.py or sglang_loop_replay.py, make the prompts once and watch no line."""
    texts = module.loop_requests.prompts(requests)
    module.loop_requests.prompts = lambda _: texts
    module.RanLines = Unwatched
