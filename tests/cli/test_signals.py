"""SIGINT and SIGTERM: the first one ends the command at once and with its code, whenever it comes and whatever comes
after it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from imgconv.cli import _CODES as CODES
from tests.command import PNG_END, Ended, environment, finished, imgconv, save, started
from tests.strategies import all_but

ROOT = Path(__file__).parent.parent.parent
INT, TERM = signal.SIGINT, signal.SIGTERM
PROMPT = 10  # seconds that an end may take on a busy machine; a hang takes for ever

linux = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="asks Linux's /proc which signals a process handles"
)


def test_codes():
    assert CODES == {INT: 130, TERM: 143}


# ---------------------------------------------------------------- at any moment


COMMANDS = (
    ("filter", "vertical", "gray.png", "-q", "-o", "gray-out.png"),
    ("filter", "gaussian:2", "alpha.png", "-q", "--threads", "2", "-o", "alpha-out.png"),
    ("filter", "gaussian:2", "large.png", "-q", "--threads", "2", "-o", "large-out.png"),
    ("run", "filter vertical | relu | maxpool 2", "large.png", "-q", "-o", "large-out.tiff"),
    ("kernels", "show", "gaussian:2"),
)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, chance = tmp_path_factory.mktemp("signals"), np.random.default_rng(0)
    for name, shape in (("gray", (60, 60)), ("alpha", (300, 300, 4)), ("large", (1500, 1500, 3))):
        save(folder / f"{name}.png", chance.integers(0, 256, shape, dtype=np.uint8))
    for words in COMMANDS:
        assert imgconv(*words, cwd=folder).code == 0  # compiled before anything is timed
    return folder


def struck(
    words: tuple[str, ...], folder: Path, chance: random.Random, longest: float, env: dict[str, str] | None = None
) -> str:
    """What is wrong with the end of a command that gets one or two signals at some moment after it handles them; empty
    if nothing is."""
    signals = chance.choices((INT, TERM), k=chance.choice((1, 2, 2, 3)))
    moment = chance.uniform(0, longest)
    process = started(*words, cwd=folder, env=env)
    wait_until_handled(process)
    time.sleep(moment)
    begun = time.monotonic()
    for number in signals:
        process.send_signal(number)
        time.sleep(chance.choice((0, 0, 0.0003, 0.001, 0.003)))
    try:
        done = finished(process, timeout=60)
    except subprocess.TimeoutExpired:
        return f"{words} hangs after {signals} at {moment:.3f} s"
    wrong = []
    if done.code not in {0, *(CODES[number] for number in signals)}:
        wrong.append(f"code {done.code}")
    if done.err:
        wrong.append(f"says {done.err[-1000:]}")
    if time.monotonic() - begun > PROMPT:
        wrong.append("is late")
    if left := [name for name in os.listdir(folder) if name.startswith(".")]:
        wrong.append(f"leaves {left}")
        for name in left:
            os.unlink(folder / name)
    return f"{words} after {signals} at {moment:.3f} s: {', '.join(wrong)}" if wrong else ""


def wait_until_handled(process: subprocess.Popen[bytes]) -> None:
    """Python alone leaves SIGTERM to the kernel: once the process handles it, imgconv has begun."""
    while process.poll() is None and not signals_of(process, "SigCgt") >> (TERM - 1) & 1:
        time.sleep(0.0005)


def wait_until_delivered(process: subprocess.Popen[bytes]) -> None:
    """The order of signals that wait side by side is the kernel's."""
    while process.poll() is None and signals_of(process, "ShdPnd", "SigPnd"):
        time.sleep(0.0005)


def signals_of(process: subprocess.Popen[bytes], *masks: str) -> int:
    """Masks of signals from Linux's /proc, joined."""
    joined = 0
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        for line in status:
            name, _, value = line.partition(":")
            if name in masks:
                joined |= int(value, 16)
    return joined


def wait_until_none(folder: Path, pattern: str) -> None:
    ends = time.monotonic() + 60
    while left := list(folder.glob(pattern)):
        assert time.monotonic() < ends, left
        time.sleep(0.1)


@linux
def test_signals_at_any_moment(images: Path) -> None:
    chance = random.Random(10)
    assert [
        wrong for number in range(24) if (wrong := struck(COMMANDS[number % len(COMMANDS)], images, chance, 0.2))
    ] == []


@linux
@pytest.mark.slow
def test_thousands_of_signals_at_any_moment(images: Path) -> None:
    chance = random.Random(11)
    assert [
        wrong for number in range(4000) if (wrong := struck(COMMANDS[number % len(COMMANDS)], images, chance, 0.3))
    ] == []


@linux
@pytest.mark.slow
def test_signals_while_loops_are_compiled(images: Path, tmp_path: Path) -> None:
    chance = random.Random(12)
    for number in range(100):
        cache = tmp_path / str(number)
        assert struck(COMMANDS[number % 4], images, chance, 4, {"IMGCONV_CACHE_DIR": str(cache)}) == ""
        wait_until_none(cache, ".*.part")  # half of an object; those of processes that compile ahead become whole


# ---------------------------------------------------------------- where an exception would be lost


def ended_in(body: str, *signals: signal.Signals) -> Ended:
    """How the command ends, had it only `body` to run, once that has printed a line and the signals have come."""
    script = (
        f"from imgconv.cli import main\nimport imgconv.cli.main as real\ndef run(arguments):\n{body}\nreal.run_command"
        " = run\nmain()"
    )
    before = signal.signal(INT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
        )
    finally:
        signal.signal(INT, before)
    assert process.stdout is not None
    if process.stdout.readline().strip() == b"ready":
        time.sleep(0.05)  # so that what comes after the line has begun
        for number in signals:
            process.send_signal(number)
            if len(signals) > 1:
                wait_until_delivered(process)
    return finished(process, timeout=PROMPT)


SWALLOWED = """
    import time
    print("ready", flush=True)
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            pass
"""
DELETED = """
    import time
    class Object:
        def __del__(self):
            print("ready", flush=True)
            time.sleep(60)
    Object()
"""
WAITING = """
    import threading
    thread = threading.Thread(target=threading.Event().wait, daemon=True)
    thread.start()
    print("ready", flush=True)
    thread.join()
"""
LONG_CALL = """
    import hashlib
    print("ready", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
"""


@pytest.mark.parametrize("number", [INT, TERM])
@pytest.mark.parametrize(
    "body",
    [SWALLOWED, DELETED, WAITING, LONG_CALL],
    ids=["swallowed", "in __del__", "waiting for a thread", "long call"],
)
def test_nothing_outlives_a_signal(body: str, number: signal.Signals) -> None:
    done = ended_in(body, number)
    assert (done.code, done.err) == (CODES[number], "")


@linux
@pytest.mark.parametrize(
    "signals", [(INT, TERM, TERM), (TERM, INT, INT)], ids=lambda signals: "-".join(number.name for number in signals)
)
def test_the_first_signal_wins(signals: tuple[signal.Signals, ...]) -> None:
    done = ended_in(LONG_CALL, *signals)
    assert (done.code, done.err) == (CODES[signals[0]], "")


def test_unfinished_files_are_removed(tmp_path: Path) -> None:
    body = f"""
    from imgconv.values.unfinished import unfinished
    with unfinished({str(tmp_path / "half")!r}), open({str(tmp_path / "half")!r}, "wb"):
        import time
        print("ready", flush=True)
        time.sleep(60)
    """
    assert ended_in(body, INT).code == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [INT, TERM])
@linux
def test_an_ignored_signal_stays_ignored(images: Path, tmp_path: Path, number: signal.Signals) -> None:
    """As `nohup` and background jobs of shells want it."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        command = [sys.executable, "-m", "imgconv", "filter", "gaussian:2", str(images / "large.png"), "-o", "out.png"]
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
        )
    finally:
        signal.signal(number, before)
    for _ in range(10):
        process.send_signal(number)
        time.sleep(0.01)
    assert finished(process).code == 0
    assert (tmp_path / "out.png").read_bytes().endswith(PNG_END)


def test_a_host_that_calls_main_in_a_thread_keeps_its_signals() -> None:
    script = (
        "import signal, threading\n"
        "from imgconv.cli import main\n"
        "import imgconv.cli.main as real\n"
        "real.run_command = lambda arguments: None\n"
        "before = [signal.getsignal(number) for number in (2, 15)]\n"
        "thread = threading.Thread(target=main, args=([],)); thread.start(); thread.join()\n"
        "assert before == [signal.getsignal(number) for number in (2, 15)]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


# ---------------------------------------------------------------- threads


IMPORTS = """
import os, sys, threading
found = set()
def look(event, arguments):
    if event == "import" and threading.current_thread() is not threading.main_thread():
        found.add(arguments[0])
def leave(code, leave=os._exit):
    print(code, len(threads), *sorted(found), flush=True)
    leave(code)
threads, start = [], threading.Thread.start
threading.Thread.start = lambda thread: (threads.append(thread), start(thread))
os._exit = leave
sys.addaudithook(look)
from imgconv.cli import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    "words",
    all_but(
        [
            "filter sharpen alpha.png -o out.png",
            "filter gaussian:2 alpha.png -o out.png",
            "filter gaussian:2 alpha.png -o out.tiff --linear",
            "filter box:31 alpha.png -o out.png",
            "filter gaussian:30 large.png -o out.png",
            "filter 1e30,1,1 alpha.png -o out.png",
            "pool --kind avg --size 3 --stride 1 alpha.png -o out.png",
            "pool --kind avg --size 31 --stride 1 alpha.png -o out.png",
            "pool --kind max --size 31 --stride 1 large.png -o out.png",
            "edges sobel alpha.png -o out.png",
            "filter vertical large.png -o out.png",
        ],
        "filter gaussian:2 alpha.png -o out.png",
        "filter box:31 alpha.png -o out.png",
        "pool --kind avg --size 3 --stride 1 alpha.png -o out.png",
        "filter vertical large.png -o out.png",
    ),
)
def test_no_thread_imports(images: Path, tmp_path: Path, words: str) -> None:
    """A thread that imports may wait for ever for a lock that an interrupt left taken; threads of ours have it done by
    their caller."""
    arguments = [str(images / word) if word in ("alpha.png", "large.png") else word for word in words.split()]
    command = [sys.executable, "-c", IMPORTS, *arguments, "--threads", "2", "-q"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        env=environment({"PYTHONPATH": str(ROOT)}),
        check=False,
    )
    code, threads, *imported = done.stdout.split()
    assert (code, imported) == ("0", []), done.stderr
    assert int(threads) > 0, "this tests nothing"
