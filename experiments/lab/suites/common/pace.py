"""Time per output token at several batch sizes in one visit: stages one after another, none of which may reach into the
next."""

from experiments.lab.errors import LabError
from experiments.lab.load.load_trace import Prompts
from experiments.lab.load.samples import Samples
from experiments.lab.load.statistics import median, stage_overrun
from experiments.lab.load.vllm_bench import Bench
from experiments.lab.servers.server import Server
from experiments.lab.suites.common.loads import Stages


def pace(server: Server, bench: Bench, prompts: Prompts, samples: Samples, stages: Stages, after_s: float, setting: str,
         body: dict | None = None, **labels: str) -> None:
    """Adds `tpot` and `ttft` (ms, the median over a stage's requests), label concurrency and `labels`.

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
