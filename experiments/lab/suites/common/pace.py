"""Time per output token at several batch sizes in one visit: stages one after another, none of which may reach into the
next."""

from collections.abc import Callable

from experiments.lab.errors import LabError
from experiments.lab.load.load_trace import Prompts
from experiments.lab.load.samples import Samples
from experiments.lab.load.statistics import median, stage_overrun
from experiments.lab.load.vllm_bench import Bench, Run
from experiments.lab.servers.server import Server
from experiments.lab.suites.common.loads import Stages

LEAST_S = 0.5
ROOM = 1.3  # times what the longest stage took that another follows


class Gaps:
    """The time between a server's stages: as long as its own stages want it, so that none stands idle for a slower
    one's sake. `most(name)` is the longest for the server of that name, in s, and what one has that was not fitted."""

    def __init__(self, most: Callable[[str], float]):
        self._most, self._fitted = most, dict[str, float]()

    def fit(self, server: Server, bench: Bench, prompts: Prompts, stages: Stages, body: dict | None = None,
            apart: float = 1.0) -> None:
        """Send `stages` once, `apart` times the longest gap from each other, and keep nothing but how long they took."""
        name, most = server.spec.name, self._most(server.spec.name)
        run = bench.run(server, stages.asks(prompts, apart * most), body=body)
        if (took := _longest_s(run, stages)) is not None:
            self._fitted[name] = round(min(most, max(LEAST_S, ROOM * took)), 3)

    def of(self, server: Server) -> float:
        """s from one stage of the server to the next."""
        return self._fitted.get(server.spec.name, self._most(server.spec.name))


def _longest_s(run: Run, stages: Stages) -> float | None:
    """How long the longest stage took that another follows; None where one ran into the next. The first counts only
    where it is alone: it carries what is compiled or made once, and is the shortest but for that."""
    batches = [run.of(str(count)) for count in stages.concurrency]
    if stage_overrun(batches):
        return None
    followed = batches[1:-1] or batches[:1]
    return max(max(each.chunk_times_s()[-1] for each in batch) - min(each.sent_s for each in batch)
               for batch in followed)


def pace(server: Server, bench: Bench, prompts: Prompts, samples: Samples, stages: Stages, after_s: float, setting: str,
         body: dict | None = None, **labels: str) -> None:
    """Adds `tpot` and `ttft` (ms, the median over a stage's requests), label concurrency and `labels`; and `gap` (s),
    how far apart the stages were sent.

    A visit in which a stage was not over before the next began, `after_s` later, is thrown away and sent again with
    twice the time between stages; LabError when that was too little as well, which names `setting`, where the time
    stands.
    """
    for time_s in (after_s, 2 * after_s):  # one hiccup must not cost the whole fleet
        run = bench.run(server, stages.asks(prompts, time_s), body=body)
        batches = [run.of(str(count)) for count in stages.concurrency]
        late = stage_overrun(batches)
        if not late:
            break
    else:
        raise LabError(f"{server.spec.name}: {late}, twice; give the stages more time in {setting}")
    for count, batch in zip(stages.concurrency, batches, strict=True):
        samples.add("tpot", "ms", median([served.tpot_ms for served in batch]), concurrency=count, **labels)
        samples.add("ttft", "ms", median([served.ttft_ms for served in batch]), concurrency=count, **labels)
    samples.add("gap", "s", time_s, **labels)
