"""What work takes of the machine: processor time, and the most memory."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import psutil

# A peak that lasts less is missed; reading a process' memory takes 20 microseconds.
_SAMPLE_SECONDS = 0.02


def cpu_seconds(work: Callable[[], object]) -> float:
    """The processor time of this process while it does `work`."""
    began = time.process_time()
    work()
    return time.process_time() - began


def peak_rss_mb(process: subprocess.Popen[bytes], what: str) -> float:
    """The most resident memory of a process, watched until it ends; SystemExit, which names `what`
    it was, when that is not well."""
    watched, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        # Sampled, because the kernel's own peak (ru_maxrss) begins with that of who forked it.
        time.sleep(_SAMPLE_SECONDS)
    if process.wait():
        raise SystemExit(f"the {what} ended with {process.returncode}")
    return round(peak / 1e6, 1)
