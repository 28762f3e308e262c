"""Runs `vllm bench serve` again and again in one process: `python bench_serve.py`, in vLLM's own interpreter.

Importing the tool takes 10 to 20 seconds, a measured visit two to five: so it is imported once. Each line on
standard input is a JSON list, the arguments of one `vllm bench serve`; each is answered by one JSON line on standard
output, {"ok": true} or {"error": line}. What the tool itself prints goes to standard error. The first line out is
{"ready": seconds that the import took}.
"""

import asyncio
import functools
import json
import os
import sys
import time


def main() -> int:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    begin = time.monotonic()
    from vllm.benchmarks import serve
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    parser = FlexibleArgumentParser(prog="vllm bench serve")
    serve.add_cli_args(parser)
    # The tool reads a model's tokenizer anew for every run, half a second of it for SmolLM2's vocabulary and two for
    # Qwen3's, before the first request is sent: no time that it reports, and as much as many a load takes.
    serve.get_tokenizer = functools.cache(serve.get_tokenizer)
    print(json.dumps({"ready": round(time.monotonic() - begin, 3)}), file=answers)
    for line in sys.stdin:
        try:
            asyncio.run(serve.main_async(parser.parse_args(json.loads(line))))
        except (Exception, SystemExit) as error:  # SystemExit: the parser's, for an argument it does not know
            print(json.dumps({"error": f"{type(error).__name__}: {error}"[:500]}), file=answers)
        else:
            print(json.dumps({"ok": True}), file=answers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
