"""The supervisor with real little Python processes as its parts."""

import asyncio
import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from config.supervisor import Part, Supervisor, Timings, wants_colour

ROOT = Path(__file__).resolve().parents[2]
QUICK = Timings(ready_poll=0.01, ready_limit=5, watch_every=0.02, first_pause=0.02, longest_pause=0.08, stop_limit=2)
SLEEP = "import time; time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
PRINT_PID = "import os; print('pid', os.getpid()); "
PRINT_GRANDCHILD = (
    "import subprocess, sys; print('grandchild', subprocess.Popen([sys.executable, '-c', "
    "'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)']).pid); "
)


def python_part(
    name: str,
    code: str,
    *,
    ready: Callable[[], bool] | None = None,
    watch: Callable[[], str | None] | None = None,
    before_start: Callable[[], None] | None = None,
) -> Part:
    return Part(name, (sys.executable, "-c", code), {}, ready, watch, before_start)


def lives(pid: int) -> bool:
    """Whether the process runs; a zombie nobody has reaped yet does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


async def seen(condition: Callable[[], bool]) -> bool:
    return await asyncio.to_thread(eventually, condition)


def numbers(text: str, word: str) -> list[int]:
    """The numbers printed after a word, as in "chroma | pid 17"."""
    return [int(line.split()[-1]) for line in text.splitlines() if f"| {word} " in line]


@contextlib.asynccontextmanager
async def running(
    *parts: Part, timings: Timings = QUICK, on_ready: Callable[[], None] | None = None
) -> AsyncIterator[io.StringIO]:
    """The parts under a supervisor, until the block ends; hands out what the terminal shows."""
    out = io.StringIO()
    supervisor = Supervisor(parts, out=out, colour=False, timings=timings, on_ready=on_ready)
    run = asyncio.create_task(supervisor.run())
    try:
        yield out
    finally:
        supervisor.stop()
        assert await run == 0


async def run_to_the_end(*parts: Part, timings: Timings = QUICK) -> tuple[int, str]:
    out = io.StringIO()
    code = await Supervisor(parts, out=out, colour=False, timings=timings).run()
    return code, out.getvalue()


async def test_every_line_of_both_streams_carries_the_padded_name_of_its_part() -> None:
    noisy = "import sys; print('out'); print('err', file=sys.stderr); import time; time.sleep(60)"
    async with running(python_part("chroma", noisy), python_part("web", noisy)) as out:
        wanted = ["chroma | out\n", "chroma | err\n", "web    | out\n", "web    | err\n"]
        assert await seen(lambda: all(line in out.getvalue() for line in wanted)), out.getvalue()


async def test_colour_wraps_the_name_and_not_the_line() -> None:
    out = io.StringIO()
    supervisor = Supervisor([python_part("web", "print('hi'); " + SLEEP)], out=out, colour=True)
    run = asyncio.create_task(supervisor.run())
    assert await seen(lambda: "web    |\x1b[0m hi\n" in out.getvalue())
    supervisor.stop()
    await run


async def test_colours_of_the_parts_own_are_taken_out_where_colour_is_not_wanted() -> None:
    async with running(python_part("web", r"print('\x1b[1;32mgreen\x1b[0m light'); " + SLEEP)) as out:
        assert await seen(lambda: "web    | green light\n" in out.getvalue()), out.getvalue()


@pytest.mark.parametrize(("terminal", "no_color", "wanted"), [(1, "", 1), (1, "1", 0), (0, "", 0)])
def test_colour_is_wanted_only_on_a_terminal_and_without_no_color(
    monkeypatch: pytest.MonkeyPatch, terminal: int, no_color: str, wanted: int
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: bool(terminal))
    assert wants_colour(out) is bool(wanted)


async def test_a_part_starts_only_when_the_one_before_is_ready(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    first = f"import time, pathlib; time.sleep(0.3); pathlib.Path({str(flag)!r}).touch(); time.sleep(60)"
    second = f"import pathlib; print('found', pathlib.Path({str(flag)!r}).exists()); {SLEEP}"
    async with running(python_part("a", first, ready=flag.exists), python_part("b", second)) as out:
        assert await seen(lambda: "found True" in out.getvalue()), out.getvalue()


async def test_on_ready_is_called_once_even_if_a_part_is_restarted_later() -> None:
    calls: list[str] = []
    async with running(python_part("a", PRINT_PID + SLEEP), on_ready=lambda: calls.append("ready")) as out:
        assert await seen(lambda: len(numbers(out.getvalue(), "pid")) == 1 and calls == ["ready"])
        os.kill(numbers(out.getvalue(), "pid")[0], signal.SIGKILL)
        assert await seen(lambda: len(numbers(out.getvalue(), "pid")) == 2)
    assert calls == ["ready"]


async def test_a_probe_that_raises_oserror_means_not_ready_yet() -> None:
    answers: Iterator[bool] = iter([False, True])

    def probe() -> bool:
        if not next(answers):
            raise ConnectionRefusedError
        return True

    calls: list[str] = []
    async with running(python_part("a", SLEEP, ready=probe), on_ready=lambda: calls.append("ready")):
        assert await seen(lambda: calls == ["ready"])


async def test_a_killed_part_is_started_again_and_one_line_says_so() -> None:
    async with running(python_part("web", PRINT_PID + SLEEP)) as out:
        assert await seen(lambda: len(numbers(out.getvalue(), "pid")) == 1)
        os.kill(numbers(out.getvalue(), "pid")[0], signal.SIGKILL)
        assert await seen(lambda: len(numbers(out.getvalue(), "pid")) == 2)
        said = "candor | web was killed by SIGKILL; starting it again in 0.02 s.\n"
        assert out.getvalue().count(said) == 1


async def test_the_pauses_between_restarts_double_up_to_their_limit() -> None:
    async with running(python_part("web", "raise SystemExit(3)")) as out:
        pauses = ["0.02", "0.04", "0.08", "0.08"]
        wanted = "".join(f"candor | web ended with exit code 3; starting it again in {pause} s.\n" for pause in pauses)
        assert await seen(lambda: wanted in out.getvalue()), out.getvalue()


async def test_a_part_that_lived_long_enough_is_restarted_after_the_first_pause_again() -> None:
    timings = Timings(first_pause=0.01, settled_after=0)
    async with running(python_part("web", "pass"), timings=timings) as out:
        assert await seen(lambda: out.getvalue().count("again in 0.01 s.") >= 3), out.getvalue()


async def test_what_a_dead_part_leaves_behind_is_gone_before_it_starts_again() -> None:
    async with running(
        python_part("worker", PRINT_PID + PRINT_GRANDCHILD + SLEEP), timings=Timings(stop_limit=0.2)
    ) as out:
        assert await seen(lambda: len(numbers(out.getvalue(), "grandchild")) == 1)
        os.kill(numbers(out.getvalue(), "pid")[0], signal.SIGKILL)
        assert await seen(lambda: len(numbers(out.getvalue(), "grandchild")) == 2)
        assert not lives(numbers(out.getvalue(), "grandchild")[0])


async def test_a_part_is_restarted_though_a_runaway_child_holds_its_output_open() -> None:
    runaway = (
        "import subprocess, sys; print('runaway', subprocess.Popen([sys.executable, '-c', "
        "'import time; time.sleep(60)'], start_new_session=True).pid)"
    )
    async with running(python_part("worker", runaway)) as out:
        assert await seen(lambda: len(numbers(out.getvalue(), "runaway")) >= 2)
    for pid in numbers(out.getvalue(), "runaway"):
        os.kill(pid, signal.SIGKILL)


async def test_a_reason_from_the_watch_restarts_the_part_after_before_start() -> None:
    reasons = iter(["its index is broken"])
    starts: list[float] = []
    part = python_part(
        "chroma",
        PRINT_PID + SLEEP,
        watch=lambda: next(reasons, None),
        before_start=lambda: starts.append(time.monotonic()),
    )
    async with running(part) as out:
        assert await seen(lambda: len(starts) == 2 and len(numbers(out.getvalue(), "pid")) >= 1)
        said = "chroma must be restarted: its index is broken; starting it again in 0.02 s."
        assert said in out.getvalue()


async def test_the_old_process_is_gone_when_before_start_runs_again(tmp_path: Path) -> None:
    alive_at_start: list[list[bool]] = []
    pid_file = tmp_path / "pids"
    pid_file.touch()
    code = f"import os; open({str(pid_file)!r}, 'a').write(f'{{os.getpid()}}\\n'); {SLEEP}"
    part = python_part(
        "chroma",
        code,
        ready=lambda: pid_file.stat().st_size > 0,
        watch=lambda: "restart" if len(alive_at_start) == 1 else None,
        before_start=lambda: alive_at_start.append([lives(int(pid)) for pid in pid_file.read_text().split()]),
    )
    async with running(part):
        assert await seen(lambda: len(alive_at_start) == 2)
    assert alive_at_start == [[], [False]]


async def test_a_part_that_dies_three_times_at_its_first_start_stops_everything() -> None:
    dying = python_part("worker", "print('no such setting'); raise SystemExit(2)", ready=lambda: False)
    code, shown = await run_to_the_end(python_part("chroma", PRINT_PID + SLEEP), dying)
    assert code == 1
    assert "candor | worker ended with exit code 2, 3 times before it was ever ready." in shown
    assert shown.endswith("candor |     no such setting\n")
    assert shown.count("worker | no such setting") == 3
    assert not any(lives(pid) for pid in numbers(shown, "pid"))


async def test_a_part_that_is_not_ready_in_time_at_its_first_start_stops_everything() -> None:
    mute = python_part("chroma", SLEEP, ready=lambda: False)
    code, shown = await run_to_the_end(mute, timings=Timings(ready_limit=0.2))
    assert code == 1
    assert "chroma was not ready after 0.2 s. Everything is stopped." in shown
    assert shown.endswith("    (it printed nothing)\n")


async def test_a_command_that_does_not_exist_is_named_in_the_error() -> None:
    code, shown = await run_to_the_end(Part("web", ("/no/such/program",)), timings=QUICK)
    assert code == 1
    assert "web could not be started ([Errno 2] No such file or directory: '/no/such/program')" in shown


async def test_a_mistake_in_a_callback_stops_everything_and_is_raised() -> None:
    def mistake() -> bool:
        raise ZeroDivisionError

    out = io.StringIO()
    parts = [python_part("a", PRINT_PID + SLEEP), python_part("b", SLEEP, ready=mistake)]
    with pytest.raises(ZeroDivisionError):
        await Supervisor(parts, out=out, colour=False, timings=QUICK).run()
    assert not any(lives(pid) for pid in numbers(out.getvalue(), "pid"))


async def test_output_that_is_not_utf8_is_shown_with_replacement_characters() -> None:
    code = r"import sys, time; sys.stdout.buffer.write(b'caf\xe9 \xff!\n'); sys.stdout.flush(); time.sleep(60)"
    async with running(python_part("web", code)) as out:
        assert await seen(lambda: "web    | caf\ufffd \ufffd!\n" in out.getvalue()), out.getvalue()


async def test_a_very_long_line_is_cut_and_the_next_one_is_whole() -> None:
    code = f"print('é' * 3_000_000); print('after'); {SLEEP}"
    async with running(python_part("web", code)) as out:
        assert await seen(lambda: "web    | after\n" in out.getvalue())
        assert f"web    | {'é' * 4_000}…\n" in out.getvalue()


async def test_a_last_line_without_an_end_is_shown() -> None:
    async with running(python_part("web", "print('half', end='')")) as out:
        assert await seen(lambda: "web    | half\n" in out.getvalue())


class HaltedTerminal(io.StringIO):
    """A terminal whose reader stopped it with Ctrl-S, until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def write(self, text: str) -> int:
        self.released.wait(timeout=20)
        return super().write(text)


async def test_a_halted_terminal_does_not_hold_up_a_part(tmp_path: Path) -> None:
    done = tmp_path / "done"
    lines = "for i in range(30_000): print('x' * 50)"
    code = f"import pathlib\n{lines}\npathlib.Path({str(done)!r}).touch()\n{SLEEP}"
    out = HaltedTerminal()
    supervisor = Supervisor([python_part("web", code)], out=out, colour=False, timings=QUICK)
    run = asyncio.create_task(supervisor.run())
    assert await seen(done.exists)
    out.released.set()
    assert await seen(lambda: out.getvalue().count("\n") >= 10_000)
    supervisor.say("still here")
    assert await seen(lambda: "lines were not shown.)\ncandor | still here\n" in out.getvalue())
    supervisor.stop()
    assert await run == 0


async def test_a_closed_terminal_does_not_stop_the_parts() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    starts: list[int] = []
    part = python_part("web", "print('hello')", before_start=lambda: starts.append(1))
    out = os.fdopen(writer, "w")
    supervisor = Supervisor([part], out=out, colour=False, timings=QUICK)
    run = asyncio.create_task(supervisor.run())
    assert await seen(lambda: len(starts) > 3)
    supervisor.stop()
    assert await run == 0
    with contextlib.suppress(BrokenPipeError):
        out.close()


SCRIPT = """
import asyncio, sys
from config.supervisor import Part, Supervisor, Timings

parts = [Part(name, (sys.executable, "-c", code)) for name, code in eval(sys.argv[1])]
supervisor = Supervisor(
    parts, out=sys.stdout, colour=False, timings=Timings(stop_limit=float(sys.argv[2])),
    on_ready=lambda: supervisor.say("ready"),
)
sys.exit(asyncio.run(supervisor.run()))
"""


class OwnProcess:
    """A supervisor in a process of its own, to be sent real signals."""

    def __init__(self, parts: list[tuple[str, str]], stop_limit: float, log: Path) -> None:
        self.log = log
        with log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SCRIPT, repr(parts), str(stop_limit)],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def shown(self) -> str:
        return self.log.read_text()

    def wait_for(self, word: str, count: int) -> list[int]:
        assert eventually(lambda: len(numbers(self.shown, word)) >= count), self.shown
        return numbers(self.shown, word)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., OwnProcess]]:
    started: list[OwnProcess] = []

    def start_one(*parts: tuple[str, str], stop_limit: float = 3) -> OwnProcess:
        started.append(OwnProcess(list(parts), stop_limit, tmp_path / "log"))
        return started[-1]

    yield start_one
    for own in started:
        if own.process.poll() is None:
            own.process.kill()
        own.process.wait()


SAY_GOODBYE = (
    "import signal, sys, time; "
    "signal.signal(signal.SIGTERM, lambda *_: (print('goodbye'), sys.exit(0))); print('up 1'); time.sleep(60)"
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_parts_in_reverse_order_and_returns_0(start: Callable[..., OwnProcess], number: int) -> None:
    own = start(("a", SAY_GOODBYE), ("b", SAY_GOODBYE))
    own.wait_for("up", 2)
    own.process.send_signal(number)
    assert own.process.wait(timeout=10) == 0
    assert own.shown.index("b      | goodbye") < own.shown.index("a      | goodbye")
    assert own.shown.count("candor | Stopping.\n") == 1
    assert "again" not in own.shown


def test_a_stop_lets_a_part_finish_the_work_of_its_children(start: Callable[..., OwnProcess]) -> None:
    child = "import time; print('up 1', flush=True); time.sleep(0.5); print('work done')"
    part = (
        "import signal, subprocess, sys; signal.signal(signal.SIGTERM, lambda *_: None); "
        f"subprocess.run([sys.executable, '-c', {child!r}])"
    )
    own = start(("worker", part))
    own.wait_for("up", 1)
    own.process.terminate()
    assert own.process.wait(timeout=10) == 0
    assert "worker | work done\n" in own.shown


def test_a_stop_takes_deaf_grandchildren_along(start: Callable[..., OwnProcess]) -> None:
    own = start(("worker", PRINT_PID + PRINT_GRANDCHILD + SLEEP), stop_limit=0.3)
    pids = own.wait_for("grandchild", 1) + own.wait_for("pid", 1)
    own.process.terminate()
    assert own.process.wait(timeout=10) == 0
    assert not any(lives(pid) for pid in pids)


async def test_a_stop_before_the_parts_are_ready_ends_them_and_returns_0() -> None:
    async with running(python_part("a", PRINT_PID + SLEEP, ready=lambda: False)) as out:
        assert await seen(lambda: len(numbers(out.getvalue(), "pid")) == 1)
    assert not lives(numbers(out.getvalue(), "pid")[0])


def test_a_second_ctrl_c_kills_at_once(start: Callable[..., OwnProcess]) -> None:
    parts = [(name, DEAF + PRINT_PID + SLEEP) for name in "abc"]
    own = start(*parts, stop_limit=60)
    pids = own.wait_for("pid", 3)
    own.process.send_signal(signal.SIGINT)
    assert eventually(lambda: "Stopping." in own.shown)
    assert all(lives(pid) for pid in pids)
    own.process.send_signal(signal.SIGINT)
    assert own.process.wait(timeout=5) == 0
    assert not any(lives(pid) for pid in pids)
    assert "again" not in own.shown


def test_no_part_outlives_a_supervisor_that_was_killed(start: Callable[..., OwnProcess]) -> None:
    own = start(("a", PRINT_PID + SLEEP), ("b", DEAF + PRINT_PID + PRINT_GRANDCHILD + SLEEP), stop_limit=0.5)
    pids = own.wait_for("pid", 2) + own.wait_for("grandchild", 1)
    own.process.kill()
    assert eventually(lambda: not any(lives(pid) for pid in pids), seconds=5)


def test_ctrl_c_in_the_terminal_does_not_reach_the_parts(start: Callable[..., OwnProcess]) -> None:
    own = start(("a", PRINT_PID + SLEEP))
    pid = own.wait_for("pid", 1)[0]
    assert os.getpgid(pid) == pid
    assert os.getsid(pid) == pid
