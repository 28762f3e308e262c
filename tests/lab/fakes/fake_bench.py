"""A fake `vllm bench serve` for the fake interpreter: it sends nothing and writes the result that FAKE_BENCH asks for.

"ok", "short" (the file ends in the middle), "hangs", "dies" (its process ends), "fails" (one request of two failed),
"stops" (one answer has a token too few), "no-import". FAKE_BENCH_READS is a file that gets a line for each tokenizer
that is read.
"""

import textwrap

SERVE = """
import json, os, pathlib, time

def get_tokenizer(name, *, mode):
    with open(os.environ["FAKE_BENCH_READS"], "a") as file:
        print(name, mode, file=file)

def add_cli_args(parser):
    for name in ("backend", "dataset-name", "ready-check-timeout-sec", "temperature", "model", "served-model-name",
                 "host", "port", "dataset-path", "num-prompts", "result-dir", "result-filename", "max-concurrency"):
        parser.add_argument("--" + name)
    for name in ("disable-tqdm", "save-result", "save-detailed"):
        parser.add_argument("--" + name, action="store_true")

async def main_async(args):
    print("a line that is no answer")
    if "FAKE_BENCH_READS" in os.environ:
        get_tokenizer(args.model, mode="auto")
    mode = os.environ.get("FAKE_BENCH", "ok")
    if mode == "hangs":
        time.sleep(60)
    if mode == "dies":
        os._exit(3)
    asks = [json.loads(line) for line in open(args.dataset_path)]
    result = {
        "input_lens": [ask["input_length"] for ask in asks], "output_lens": [ask["output_length"] for ask in asks],
        "start_times": [100.0 + ask["timestamp"] for ask in asks], "ttfts": [0.5 for ask in asks],
        "itls": [[0.25] * (ask["output_length"] - 1) for ask in asks],
        "latencies": [0.5 + 0.25 * (ask["output_length"] - 1) for ask in asks],
        "errors": ["" for ask in asks], "duration": 1.0,
    }
    if mode == "fails":
        result["errors"][-1] = "Traceback ...\\nClientOSError: connection reset"
    if mode == "stops":
        result["output_lens"][-1] -= 1
    text = json.dumps(result)
    path = pathlib.Path(args.result_dir) / args.result_filename
    path.write_text(text[: len(text) // 2] if mode == "short" else text)
"""


def install(site) -> None:
    """Put it into the `vllm` package of a fake_vllm machine's site folder."""
    for folder in ("benchmarks", "utils"):
        (site / "vllm" / folder).mkdir()
        (site / "vllm" / folder / "__init__.py").touch()
    first = "import os\nif os.environ.get('FAKE_BENCH') == 'no-import':\n    raise ImportError('no aiohttp here')\n"
    (site / "vllm/benchmarks/serve.py").write_text(first + textwrap.dedent(SERVE))
    parser = "from argparse import ArgumentParser as FlexibleArgumentParser\n"
    (site / "vllm/utils/argparse_utils.py").write_text(parser)
