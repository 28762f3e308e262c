"""A KV cache of contiguous reservations, to set beside vLLM's blocks: ours, no engine's.

A request is admitted when one free run of slots is as long as what is reserved for it, first fit, first come first
served; it keeps the reservation until its last token. A step gives one token to each running request and what is left
of its budget to whole prompts. Standard library only.
"""

import bisect


class Slots:
    """Free runs of a row of `total` slots."""

    def __init__(self, total: int):
        self.free = [(0, total)]  # (start, length), in order of start, no two touching

    def take(self, length: int) -> int | None:
        """The start of the first free run of at least `length`, taken from its front; None when there is none."""
        for index, (start, room) in enumerate(self.free):
            if room >= length:
                self.free[index : index + 1] = [(start + length, room - length)] if room > length else []
                return start
        return None

    def give(self, start: int, length: int) -> None:
        """Take a run back and join it with its neighbours."""
        index = bisect.bisect(self.free, (start, length))
        end = start + length
        if index < len(self.free) and self.free[index][0] == end:
            end += self.free.pop(index)[1]
        if index and sum(self.free[index - 1]) == start:
            index -= 1
            start = self.free.pop(index)[0]
        self.free.insert(index, (start, end - start))

    def largest(self) -> int:
        return max((length for _, length in self.free), default=0)


def power_of_two(count: int) -> int:
    """The smallest power of two that is not below `count`."""
    return 1 << (count - 1).bit_length()


def reserved_for(rule: str, prompt: int, answer: int, longest: int) -> int:
    """Slots reserved for a request at its admission. "max": the model's longest sequence; "pow2": the prompt and the
    power of two at or above the answer's true length; "exact": the slots that it will have written at its end, known
    beforehand, which no server knows."""
    return {"max": longest, "pow2": prompt + power_of_two(answer), "exact": prompt + answer - 1}[rule]


def steps(requests: list, rule: str, total: int, longest: int, budget: int):
    """Yields the state of each step once its tokens are written: {"running": [(reserved, written, at the end)],
    "waiting"}. `requests` are (prompt, answer). ValueError for a request that no pool of `total` slots takes."""
    waiting = [(prompt, answer, reserved_for(rule, prompt, answer, longest)) for prompt, answer in requests]
    if (wide := max((need for *_, need in waiting), default=0)) > total:
        raise ValueError(f"a request needs {wide} slots together, the pool has {total}: it would wait for ever")
    slots, running = Slots(total), []
    waiting.reverse()
    while waiting or running:
        left = budget - len(running)
        for each in running:
            each["written"] += 1
        while waiting and waiting[-1][0] <= left and (start := slots.take(waiting[-1][2])) is not None:
            prompt, answer, need = waiting.pop()
            left -= prompt
            running.append({"start": start, "reserved": need, "written": prompt, "end": prompt + answer - 1})
        if not running:
            raise ValueError(f"a prompt of {waiting[-1][0]} tokens is longer than a step's budget of {budget}")
        yield {"running": [(each["reserved"], each["written"], each["end"]) for each in running],
               "waiting": len(waiting)}
        for each in [each for each in running if each["written"] >= each["end"]]:
            slots.give(each["start"], each["reserved"])
            running.remove(each)
