"""`python -m experiments.lab play FILE --out FILE`: both engines' schedulers serve the file's requests, at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from experiments.formats import play_format, strict_json
from experiments.lab.errors import LabError
from experiments.lab.host import config, interpreters, model_folders
from experiments.lab.host.config import Settings
from experiments.lab.host.run_worker import worker
from experiments.lab.play import requests_file

MODEL = "qwen3-8b-shape"  # of the model, only the numbers of its configuration
LIMIT_S = 300
# engine: (its environment, the worker, what of the file's table is called how in the worker's workload)
WORKERS = {
    "vllm": ("vllm-cpu", "vllm_play.py", {"async": "asynchronous"}),
    "sglang": ("sglang-cpu", "sglang_play.py", {}),
}


def play_command(options, found: Settings) -> int:
    """The command: reads, drives, writes; nothing is written where anything fails."""
    what = requests_file.read(options.file)
    out = options.out or config.ROOT / "experiments/local/play.json"
    if missing := [name for name, _, _ in WORKERS.values() if found.pythons.get(name) is None]:
        raise LabError(f"play: there is no environment {' and no '.join(missing)}; `make engine-cpu` makes both")
    model = model_folders.folder(MODEL, found)
    with ThreadPoolExecutor(len(WORKERS)) as pool:  # a process each; the threads only wait
        runs = list(pool.map(lambda engine: drive(engine, what, model, found), WORKERS))
    workload = {key: value for key, value in what.items() if key not in WORKERS}
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        play_format.write(out, {"file": options.file.name, "workload": workload, "runs": runs})
    except OSError as error:
        raise LabError(f"{out}: cannot be written ({error.strerror}); name another file") from None
    return 0


def drive(engine: str, what: dict, model: Path, found: Settings) -> dict:
    """One engine's run, as play_format has it."""
    name, script, renamed = WORKERS[engine]
    shared = {key: value for key, value in what.items() if key not in WORKERS}
    own = {renamed.get(key, key): value for key, value in what[engine].items()}
    said = worker(found, name, script, str(model), strict_json.write({**shared, **own}).decode(), limit_s=LIMIT_S)
    installed = interpreters.engine(name, found)
    return {"engine": {key: installed[key] for key in ("name", "version")}, **said["rows"][0]}
