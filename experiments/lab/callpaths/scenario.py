"""What is recorded in an experiment: the servers, what they do when armed, the request, and whose lines are watched.

A scenario's `send` drives a warmed-up server through one arming and returns the reply to the recorded request. Servers
that two scenarios describe alike are started once and serve both, one after the other. An experiment's own is
`SCENARIO` in the module `scenario` of its folder in suites/.
"""

import functools
import importlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from experiments.lab.callpaths.request_patterns import MODEL
from experiments.lab.errors import LabError
from experiments.lab.host.engine_table import table
from experiments.lab.inject.control import Injection
from experiments.lab.load import chat_prompts
from experiments.lab.load.streaming_client import Reply
from experiments.lab.servers.server_spec import ServerSpec

SUITES = Path(__file__).parents[1] / "suites"
BUDGET = table().budget  # tokens a step of the small servers


def recorded_server(name: str, **own: object) -> dict:
    """A ServerSpec's arguments for a configuration; `own` go over those of the small server."""
    configuration = table().configuration(name)
    return {"engine": configuration.build, "env": configuration.environment, "flags": configuration.flags} | own


# The small servers, which several experiments record; their variants differ in flags.
SMALL_SERVERS = {name: recorded_server(name) for name, known in table().configurations.items() if not known.variant_of}
VARIANT_SERVERS = {name: recorded_server(name) for name, known in table().configurations.items() if known.variant_of}


@dataclass(frozen=True)
class Scenario:
    """One experiment's recorded request. `specs` maps a configuration to its ServerSpec's arguments, `servers` names
    the set they are of; `plan` is for `Injection.plan`; `workload` goes into the record."""

    experiment: str
    servers: str
    specs: dict
    request: dict
    send: Callable[["Scenario", Injection, int], Reply]
    plan: dict | None = None
    workload: dict = field(default_factory=dict)

    def spec(self, configuration: str) -> ServerSpec:
        """The server of a configuration. LabError for one that is not recorded in this experiment."""
        if configuration not in self.specs:
            raise LabError(
                f"experiment {self.experiment} has no configuration {configuration!r}; "
                f"there are: {', '.join(self.specs)}"
            )
        return ServerSpec(f"{self.servers}-{configuration}", model=MODEL, inject="trace", **self.specs[configuration])


def own_prompt(seed: int, tokens: int, max_tokens: int) -> dict:
    """The body of a request with a prompt of `tokens`. A scenario has a seed of its own: one server serves several, and
    no prompt may be in its cache from another's."""
    return chat_prompts.chat(MODEL, random.Random(seed), tokens, max_tokens)


@functools.cache
def scenarios() -> dict[str, Scenario]:
    """{experiment: its scenario}, of every experiment that has one. LabError for a folder whose scenario is another's.

    They are found by their folders: the suites stand above the call paths, which import none of them."""
    known = {}
    for path in sorted(SUITES.glob("exp[0-9][0-9]_*/scenario.py")):
        own = importlib.import_module(f"experiments.lab.suites.{path.parent.name}.scenario").SCENARIO
        if own.experiment != path.parent.name[3:5]:
            where = f"suites/{path.parent.name}/scenario.py"
            raise LabError(f"{where}: is of experiment {own.experiment}; say the folder's number")
        known[own.experiment] = own
    return known


def scenario(experiment: str) -> Scenario:
    """LabError for an experiment in which no request is recorded."""
    known = scenarios()
    if experiment not in known:
        raise LabError(f"no request is recorded in experiment {experiment!r}, only in {', '.join(known)}")
    return known[experiment]
