"""Two rates of the card, measured in the engine's own interpreter before anything else runs on it.

`python card.py` prints one JSON object. It is a script and not a module of the lab because it needs torch,
which the driving side does not have.

* ``matmul`` -- a bf16 product of two 8192 x 8192 matrices of normal random numbers, TFLOP/s, 2 * 8192**3 FLOP each.
  Random, not zeros: a card multiplies zeros faster because fewer bits flip.
* ``copy`` -- a device-to-device copy of 4 GiB, GB/s, counting the bytes read and the bytes written.

Each value is one CUDA-event interval over `INNER` launches, after a warm-up. Samples, not a mean, so that the record
can carry them raw.
"""

import json
import sys

ROUNDS, INNER, SIDE, COPY_BYTES = 12, 10, 8192, 4 << 30


def _intervals(torch, launch):
    """Milliseconds for one launch, `ROUNDS` times."""
    for _ in range(3):
        launch()
    torch.cuda.synchronize()
    out = []
    for _ in range(ROUNDS):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(INNER):
            launch()
        end.record()
        end.synchronize()
        out.append(begin.elapsed_time(end) / INNER)
    return out


def main() -> int:
    import torch

    if not torch.cuda.is_available():
        print("card: torch sees no CUDA device; run it on a GPU host", file=sys.stderr)
        return 1
    torch.manual_seed(0)
    a = torch.randn(SIDE, SIDE, device="cuda", dtype=torch.bfloat16)
    b = torch.randn(SIDE, SIDE, device="cuda", dtype=torch.bfloat16)
    matmul = [2 * SIDE**3 / (ms * 1e-3) / 1e12 for ms in _intervals(torch, lambda: torch.matmul(a, b))]
    del a, b
    source = torch.empty(COPY_BYTES, device="cuda", dtype=torch.uint8).random_()
    target = torch.empty_like(source)
    copy = [2 * COPY_BYTES / (ms * 1e-3) / 1e9 for ms in _intervals(torch, lambda: target.copy_(source))]
    print(json.dumps({"matmul": matmul, "copy": copy, "side": SIDE, "copy_bytes": COPY_BYTES}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
