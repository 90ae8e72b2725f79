"""What the system lets a stack have: memory and open files."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from pathlib import Path

import psutil

from contracts.errors import EnvironmentProblem
from contracts.laptop.free_space import MB

# All parts at rest. A driver under load takes 2 GB and its own overhead.
LEAST_MEMORY_MB = 3_500
# A broker holds several files per partition, Spark one per shuffle block.
LEAST_OPEN_FILES = 1_024
# Where a container's limit stands: control groups of version 2, and of version 1.
_CONTROL_GROUPS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def memory_mb(control_groups: Sequence[Path] = _CONTROL_GROUPS) -> int:
    """The memory that all processes here may have together: the machine's, or the container's."""
    least = psutil.virtual_memory().total
    for file in control_groups:
        text = file.read_text().strip() if file.is_file() else "max"
        if text != "max":
            least = min(least, int(text))
    return least // MB


def require_memory(found_mb: int) -> None:
    """Raise an EnvironmentProblem when a stack would be killed for want of memory."""
    if found_mb < LEAST_MEMORY_MB:
        raise EnvironmentProblem(
            f"the memory is {found_mb} MB, and a stack needs {LEAST_MEMORY_MB} MB",
            cause="the machine is small, or its container has a limit",
            command="give the container or the virtual machine more memory",
        )


def require_open_files() -> None:
    """Let this process, and those that it starts, open the files that a stack needs; an
    EnvironmentProblem where the user may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= LEAST_OPEN_FILES:
        return
    if hard != resource.RLIM_INFINITY and hard < LEAST_OPEN_FILES:
        raise EnvironmentProblem(
            f"at most {hard} files may be open, and a stack needs {LEAST_OPEN_FILES}",
            cause="the shell, the container or the system limits them",
            command=f"ulimit -n {LEAST_OPEN_FILES}",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (LEAST_OPEN_FILES, hard))
