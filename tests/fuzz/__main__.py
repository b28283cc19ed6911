"""`python -m tests.fuzz`: many mutants over all processors. What is wrong is kept in out/fuzz, with the words that run
it again.

Each worker is a process of its own with a limit on its memory; it says which mutant it begins, so that a crash or a
hang is known by its number, and another worker goes on behind it.
"""

from __future__ import annotations

import argparse
import collections
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

KEPT = Path("out/fuzz")
SECONDS, PATIENCE = 20, 300
MEMORY = 6 * 2**30  # of address space: compiled loops and libraries take most of it
BESIDES = 2**27  # bytes that a mutant may take beside what images may
BATCH = 500


class TooLong(BaseException):
    """A mutant took longer than SECONDS."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--mutants", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="begin here, to go on where a run ended")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--only", type=int, help="this one mutant, in this process")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only is not None:
        return _only(given.seed, given.only)
    if given.worker is not None:
        return _work(given.seed, given.worker, given.mutants)
    return Run(given.seed, given.first, given.mutants, given.processes).run()


# ---------------------------------------------------------------- one process


def _only(seed: int, index: int) -> int:
    from tests.fuzz import targets

    with tempfile.TemporaryDirectory() as folder:
        print(*targets.run(seed, index, Path(folder)))
    return 0


def _work(seed: int, first: int, count: int) -> int:
    """A line `begin N` before each mutant, and `end N target outcome` or `wrong N target what` behind it."""
    import warnings

    from tests.fuzz import targets

    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def late(*_: object) -> None:
        raise TooLong(f"longer than {SECONDS} s")

    signal.signal(signal.SIGPROF, late)  # by the processor's time: a busy machine is no reason
    warnings.simplefilter("error")  # which a user would see as stray words on stderr
    with tempfile.TemporaryDirectory() as folder:
        targets.warm(Path(folder))
        for index in range(first, first + count):
            print("begin", index, flush=True)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            before = _most_memory(reset=True)
            try:
                target, outcome = targets.run(seed, index, Path(folder))
                if (taken := _most_memory() - before) > targets.READING.max_memory + BESIDES:
                    raise targets.Wrong(f"it took {taken / 2**20:.0f} MiB")
                print("end", index, target, outcome, flush=True)
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                where = traceback.extract_tb(error.__traceback__)[-1]
                print(
                    "wrong",
                    index,
                    f"{type(error).__name__}: {error!s:.300} ({Path(where.filename).name}:{where.lineno})".replace(
                        "\n", " "
                    ),
                    flush=True,
                )
                _keep(seed, index, Path(folder))
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
    return 0


def _most_memory(*, reset: bool = False) -> int:
    """The most memory this process has had, or with `reset` what it has now, from where on the most is counted; 0 where
    nobody says."""
    try:
        if reset:
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")
        with open("/proc/self/status") as file:
            return 1024 * next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return 0


def _keep(seed: int, index: int, folder: Path) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    if (folder / "in.bin").exists():
        (KEPT / f"{seed}-{index}.bin").write_bytes((folder / "in.bin").read_bytes())


# ---------------------------------------------------------------- all processes


class Run:
    """Batches of mutants, taken by threads that each watch a worker."""

    def __init__(self, seed: int, first: int, count: int, processes: int) -> None:
        self.seed, self.last, self.processes = seed, first + count, processes
        self.next = first
        self.counts: collections.Counter[str] = collections.Counter()
        self.wrong: list[tuple[int, str]] = []
        self.lock = threading.Lock()
        self.begun = time.monotonic()

    def run(self) -> int:
        watchers = [threading.Thread(target=self._watch, daemon=True) for _ in range(self.processes)]
        for watcher in watchers:
            watcher.start()
        try:
            for watcher in watchers:
                watcher.join()
        except KeyboardInterrupt:
            print(
                f"\ngo on with: python -m tests.fuzz --seed {self.seed} --first {self.next} --mutants"
                f" {self.last - self.next}"
            )
            return 130
        total = sum(self.counts.values())
        print(
            f"{total} mutants in {time.monotonic() - self.begun:.0f} s: "
            + ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))
        )
        for index, what in sorted(self.wrong):
            print(f"wrong: {what}\n       again: python -m tests.fuzz --seed {self.seed} --only {index}")
        return 1 if self.wrong else 0

    def words(self, first: int, stop: int) -> list[str]:
        """What starts a worker."""
        return [
            sys.executable,
            "-m",
            "tests.fuzz",
            "--seed",
            str(self.seed),
            "--worker",
            str(first),
            "--mutants",
            str(stop - first),
        ]

    def _taken(self) -> tuple[int, int]:
        with self.lock:
            first, self.next = self.next, min(self.last, self.next + BATCH)
            return first, self.next

    def _watch(self) -> None:
        while True:
            first, stop = self._taken()
            if first >= stop:
                return
            while first < stop:
                first = self._worker(first, stop)

    def _worker(self, first: int, stop: int) -> int:
        """Runs a worker to its end; the number of the first mutant that is left."""
        at = ended = first - 1
        with (
            tempfile.TemporaryFile("w+") as complaints,
            subprocess.Popen(self.words(first, stop), stdout=subprocess.PIPE, stderr=complaints, text=True) as process,
        ):
            assert process.stdout is not None
            alive = [time.monotonic()]
            threading.Thread(target=self._guard, args=(process, alive), daemon=True).start()
            for line in process.stdout:
                alive[0] = time.monotonic()
                word, number, *rest = line.split()
                at = int(number)
                if word == "end":
                    ended = at
                    self._count(" ".join(rest))
                elif word == "wrong":
                    ended = at
                    self._found(at, line.split(maxsplit=2)[2].strip())
            code = process.wait()
            complaints.seek(0)
            said = complaints.read().strip()[-300:]
        if code and ended < at:
            self._found(at, f"the process ended with {code}: {said}")
        elif code or at < first:
            self._found(at, f"the worker failed with {code}: {said}")
            return stop
        return at + 1

    def _guard(self, process: subprocess.Popen[str], alive: list[float]) -> None:
        while process.poll() is None:
            time.sleep(1)
            if time.monotonic() - alive[0] > PATIENCE:
                process.kill()

    def _count(self, what: str) -> None:
        with self.lock:
            self.counts[what] += 1
            if sys.stderr.isatty() and sum(self.counts.values()) % 500 == 0:
                print(f"\r{sum(self.counts.values())} ", end="", file=sys.stderr, flush=True)

    def _found(self, index: int, what: str) -> None:
        with self.lock:
            self.counts["wrong"] += 1
            self.wrong.append((index, what))
        print(f"wrong, mutant {index}: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
