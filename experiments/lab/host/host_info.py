"""What is measured on: the host's provenance, as every record holds it.

A host is one GPU, one driver, one boot: another value of either is another host, and numbers of two hosts are never
compared. Without a GPU the CPU's model stands in the GPU's place, and the machine's id beside it.
"""

import functools
import hashlib
import itertools
import os
import platform
import subprocess
from pathlib import Path

MIB = 1024 * 1024


def cards() -> list[str]:
    """The GPUs that are visible to a process of ours, each as nvidia-smi's `-i` takes it, in its order there."""
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed is None:
        query = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader,nounits"]
        try:
            text = subprocess.run(query, capture_output=True, text=True, timeout=30, check=True).stdout
        except (OSError, subprocess.SubprocessError):
            return []
        return [line.strip() for line in text.splitlines() if line.strip().isdigit()]
    names = [part.strip() for part in listed.split(",")]
    # The first that is none hides all behind it: that is how CUDA reads the list.
    return list(itertools.takewhile(lambda name: name and name != "-1", names))


def first_gpu() -> str | None:
    """The first visible GPU, as nvidia-smi's `-i` takes it; None where all are hidden."""
    return "0" if "CUDA_VISIBLE_DEVICES" not in os.environ else next(iter(cards()), None)


@functools.lru_cache
def gpu() -> dict | None:
    """`card` of the first visible GPU, None without one."""
    first = first_gpu()
    return None if first is None else card(first)


def card(name: str) -> dict | None:
    """{"name", "uuid", "memory_bytes", "driver"} of the GPU that nvidia-smi's `-i` takes by `name`; None without it."""
    query = [
        "nvidia-smi", "--query-gpu=name,uuid,memory.total,driver_version", "--format=csv,noheader,nounits", "-i", name,
    ]
    try:
        text = subprocess.run(query, capture_output=True, text=True, timeout=30, check=True).stdout
        name, uuid, memory, driver = (part.strip() for part in text.splitlines()[0].split(","))
        return {"name": name, "uuid": uuid, "memory_bytes": int(memory) * MIB, "driver": driver}
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


@functools.lru_cache
def cuda_version() -> str | None:
    """The CUDA version that the driver supports, as nvidia-smi heads its table."""
    try:
        text = subprocess.run(["nvidia-smi"], capture_output=True, text=True, timeout=30, check=True).stdout
        return text.partition("CUDA Version:")[2].split()[0].strip("| ") or None
    except (OSError, subprocess.SubprocessError, IndexError):
        return None


def host(engine: dict | None = None) -> dict:
    """The record's "host". `engine` (envs.engine) says which Python and torch ran; without it, this Python and none."""
    ours, cpu = gpu(), cpu_model()
    return {
        "id": host_id(ours),
        "gpu": {key: ours[key] for key in ("name", "uuid", "memory_bytes")} if ours else None,
        "driver": ours["driver"] if ours else None,
        "cuda": ((engine or {}).get("cuda") or cuda_version()) if ours else None,
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": memory_bytes(),
        "os": f"{_distribution()}, Linux {platform.release()}",
        "python": (engine or {}).get("python") or platform.python_version(),
        "torch": (engine or {}).get("torch"),
        "boot": boot(),
    }


def host_id(card: dict | None) -> str:
    """The id of this machine with that GPU: each of its cards makes another host."""
    unit = f"{card['uuid']}{card['driver']}" if card else f"{cpu_model()}{platform.node()}"
    return hashlib.sha256(f"{unit}{boot()}".encode()).hexdigest()[:16]


def boot() -> str:
    """What tells this start of the machine from others."""
    return _read("/proc/sys/kernel/random/boot_id") or "unknown"


def cpu_model() -> str:
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory_bytes() -> int:
    """Memory of this machine, or of the control group it is confined to if that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _read("/sys/fs/cgroup/memory.max")
    return min(total, int(limit)) if limit.isdigit() else total


def label(host: dict) -> str:
    """The host in a few words for a reader."""
    if host["gpu"]:
        return f"{host['gpu']['name']}, driver {host['driver']}"
    return f"{host['cpu']}, {host['cores']} cores"


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
