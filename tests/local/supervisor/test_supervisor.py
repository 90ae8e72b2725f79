"""The supervisor with real small processes: order, restarts, shutdown, orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from contracts.errors import ShopstreamError
from local import launch
from local.home import Home
from local.ports import claim
from local.profile import new_profile, write_profile
from local.supervisor.plan import Part, Plan
from local.supervisor.processes import MARK
from local.supervisor.published import PartStatus, running

SLEEP = "import time; time.sleep(600)"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(Home(tmp_path / "home"))
    yield stack
    launch.stop(stack.home, lambda _text: None)
    assert stack.left() == []


class Stack:
    """A state folder and short ways to run a plan in it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        home.make()
        profile = new_profile(1, claim)
        write_profile(home, profile)
        self.id = profile.stack_id

    def part(self, name: str, program: str, **more: object) -> Part:
        environment = {MARK: self.id, "HERE": str(self.home.scratch), "PATH": "/usr/bin:/bin"}
        argv = (sys.executable, "-S", "-c", program)
        return Part(name, argv, environment, **more)  # type: ignore[arg-type] - fields of a part by name

    def up(self, *parts: Part) -> list[str]:
        plan = Plan(self.id, parts)
        return [part.name for part in launch.follow(self.home, launch.start(self.home, plan))]

    def status(self, name: str) -> PartStatus:
        snapshot = running(self.home)
        assert snapshot is not None, "no supervisor runs"
        part = snapshot.part(name)
        assert part is not None
        return part

    def pid(self, name: str) -> int:
        pid = self.status(name).pid
        assert pid is not None
        return pid

    def wait(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.05)

    def left(self) -> list[psutil.Process]:
        """The processes of this stack that still run."""
        return [one for one in psutil.process_iter() if self._is_ours(one)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            alive = process.status() != psutil.STATUS_ZOMBIE
            return alive and process.environ().get(MARK) == self.id
        except psutil.Error:
            return False


def touch_when_ready(name: str) -> dict[str, str]:
    return {"probe": "file", "path": name}


def test_parts_start_in_order_of_need_and_tasks_run_before_their_dependants(stack: Stack) -> None:
    flag = stack.home.scratch / "made"
    task = stack.part(
        "make", f"import time; time.sleep(0.3); open({str(flag)!r}, 'w')", kind="task"
    )
    needs = f"import os, time; assert os.path.exists({str(flag)!r}); time.sleep(600)"
    order = stack.up(task, stack.part("user", needs, after=("make",)))
    assert order == ["make", "user"]
    assert stack.status("make").state == "done"
    assert stack.status("user").restarts == 0


def test_a_part_is_ready_when_its_probe_says_so_not_when_it_runs(stack: Stack) -> None:
    flag = stack.home.scratch / "ready"
    slow = f"import time; time.sleep(0.7); open({str(flag)!r}, 'w'); time.sleep(600)"
    stack.up(stack.part("slow", slow, ready=touch_when_ready(str(flag))))
    after = stack.status("slow").ready_after
    assert after is not None
    assert after >= 0.7


def test_a_killed_part_is_started_again_as_a_new_process(stack: Stack) -> None:
    stack.up(stack.part("service", SLEEP))
    before = stack.pid("service")
    os.kill(before, signal.SIGKILL)
    stack.wait(lambda: stack.status("service").restarts == 1)
    stack.wait(lambda: stack.status("service").state == "ready")
    assert stack.pid("service") != before


def test_the_children_of_a_killed_part_do_not_survive_it(stack: Stack) -> None:
    child = stack.home.scratch / "child"
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(child)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(600)"
    )
    stack.up(stack.part("parent", program, ready=touch_when_ready(str(child))))
    first = int(child.read_text())
    os.kill(stack.pid("parent"), signal.SIGKILL)
    # At once: only after a good end do children get a moment.
    stack.wait(lambda: not psutil.pid_exists(first), seconds=4)


@pytest.mark.parametrize(
    ("program", "state", "reason"),
    [
        pytest.param("raise SystemExit(0)", "ended", "", id="it ended on purpose"),
        pytest.param(
            "import sys; sys.stderr.write('stopped: a gap\\n'); sys.exit(20)",
            "stopped",
            "a gap",
            id="a restart cannot mend it",
        ),
    ],
)
def test_an_exit_that_is_not_restarted(stack: Stack, program: str, state: str, reason: str) -> None:
    with pytest.raises(ShopstreamError, match=f"service is {state}"):
        stack.up(stack.part("service", program, ready=touch_when_ready("/nowhere")))
    assert stack.status("service").state == state
    assert stack.status("service").reason == reason
    assert stack.status("service").restarts == 0


def test_a_task_that_fails_says_so_with_its_log(stack: Stack) -> None:
    with pytest.raises(ShopstreamError) as caught:
        stack.up(stack.part("task", "raise SystemExit('no such table')", kind="task"))
    assert caught.value.cause == "no such table"
    assert caught.value.log == stack.home.log("task")


def test_a_part_that_never_gets_ready_is_restarted_with_the_probe_s_reason(stack: Stack) -> None:
    part = stack.part("mute", SLEEP, ready=touch_when_ready("/nowhere"), ready_seconds=0.5)
    launch.start(stack.home, Plan(stack.id, (part,)))
    stack.wait(lambda: running(stack.home) is not None)
    stack.wait(lambda: stack.status("mute").restarts >= 1)
    assert "not ready after 0.5 s: waiting for /nowhere" in stack.status("mute").reason


def test_down_stops_dependants_first_and_gracefully(stack: Stack) -> None:
    trace = stack.home.scratch / "trace"
    polite = (
        "import signal, sys, time\n"
        "def leave(*_):\n"
        f"    open({str(trace)!r}, 'a').write(NAME + ' ')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, leave)\n"
        "open(READY, 'w')\n"
        "time.sleep(600)"
    )

    def part(name: str, *after: str) -> Part:
        ready = stack.home.scratch / f"{name}.ready"
        program = f"NAME={name!r}; READY={str(ready)!r}\n{polite}"
        return stack.part(name, program, after=after, ready=touch_when_ready(str(ready)))

    stack.up(part("base"), part("middle", "base"), part("top", "middle"))
    assert launch.stop(stack.home, lambda _text: None)
    assert trace.read_text().split() == ["top", "middle", "base"]
    assert running(stack.home) is None


def test_down_kills_what_does_not_listen(stack: Stack) -> None:
    ready = stack.home.scratch / "ready"
    deaf = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"open({str(ready)!r}, 'w')\ntime.sleep(600)"
    )
    stack.up(stack.part("deaf", deaf, ready=touch_when_ready(str(ready)), stop_seconds=0.5))
    began = time.monotonic()
    launch.stop(stack.home, lambda _text: None)
    assert time.monotonic() - began < 10
    assert stack.left() == []


def test_nothing_outlives_a_killed_supervisor(stack: Stack) -> None:
    stack.up(stack.part("service", SLEEP))
    snapshot = running(stack.home)
    assert snapshot is not None
    os.kill(snapshot.supervisor_pid, signal.SIGKILL)
    stack.wait(lambda: running(stack.home) is None)
    if sys.platform == "linux":
        stack.wait(lambda: stack.left() == [])
    stack.up(stack.part("service", SLEEP))
    assert stack.status("service").state == "ready"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start ends orphans")
def test_nothing_outlives_a_supervisor_that_dies_while_it_starts(stack: Stack) -> None:
    part = stack.part("service", SLEEP)
    program = (
        "import os, sys; from pathlib import Path; from local.supervisor import processes;"
        f"processes.start({part.argv!r}, {part.environment!r}, Path(sys.argv[1])); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, stack.home.log("service")], check=True)
    stack.wait(lambda: stack.left() == [])


def test_an_orphan_with_the_stack_s_mark_is_ended_at_the_next_start_a_stranger_is_not(
    stack: Stack,
) -> None:
    argv = [sys.executable, "-c", SLEEP]
    orphan = subprocess.Popen(argv, env={MARK: stack.id}, start_new_session=True)
    stranger = subprocess.Popen(argv, env={MARK: "another"}, start_new_session=True)
    try:
        stack.up(stack.part("service", SLEEP))
        assert orphan.wait(timeout=5) == -signal.SIGKILL
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
        orphan.kill()
        orphan.wait()


def test_a_second_up_changes_nothing_that_runs(stack: Stack) -> None:
    parts = (stack.part("a", SLEEP), stack.part("b", SLEEP, after=("a",)))
    stack.up(*parts)
    before = (stack.pid("a"), stack.pid("b"))
    assert sorted(stack.up(*parts)) == ["a", "b"]
    assert (stack.pid("a"), stack.pid("b")) == before


def test_a_changed_part_alone_is_replaced(stack: Stack) -> None:
    kept, old = stack.part("kept", SLEEP), stack.part("changed", SLEEP, after=("kept",))
    stack.up(kept, old)
    before = (stack.pid("kept"), stack.pid("changed"))
    stack.up(kept, stack.part("changed", f"{SLEEP}  # again", after=("kept",)))
    assert stack.pid("kept") == before[0]
    assert stack.pid("changed") != before[1]


def test_a_part_that_was_given_up_is_started_by_the_next_up(stack: Stack) -> None:
    flag = stack.home.scratch / "mended"
    program = f"import os, time; os.path.exists({str(flag)!r}) or os._exit(20); time.sleep(600)"
    part = stack.part("service", program, ready=touch_when_ready(str(flag)))
    with pytest.raises(ShopstreamError, match="stopped"):
        stack.up(part)
    launch.start(stack.home, Plan(stack.id, (part,)))
    flag.touch()
    stack.wait(lambda: flag.touch() is None and stack.status("service").state == "ready")


def test_two_stacks_run_side_by_side(stack: Stack, tmp_path: Path) -> None:
    other = Stack(Home(tmp_path / "other"))
    try:
        stack.up(stack.part("service", SLEEP))
        other.up(other.part("service", SLEEP))
        launch.stop(stack.home, lambda _text: None)
        assert other.status("service").state == "ready"
    finally:
        launch.stop(other.home, lambda _text: None)
    assert other.left() == []
