"""What work takes of the machine: processor time and memory."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import psutil

# A shorter peak is missed. Reading the memory of a process takes 20 microseconds.
_SAMPLE_SECONDS = 0.02


def cpu_seconds(work: Callable[[], object]) -> float:
    """The processor time of this process while it does `work`."""
    began = time.process_time()
    work()
    return time.process_time() - began


def peak_rss_mb(process: subprocess.Popen[bytes], what: str) -> float:
    """The most resident memory of a process, watched until it ends. If the process fails,
    SystemExit says `what` it was."""
    watched, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        # Sampled, because the kernel's own peak (ru_maxrss) begins with that of the parent.
        time.sleep(_SAMPLE_SECONDS)
    if process.wait():
        raise SystemExit(f"the {what} ended with {process.returncode}")
    return round(peak / 1e6, 1)
