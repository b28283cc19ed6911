"""Cases on whole commands: processes started in turn, timed from start to end, their files compared with ours first."""

from __future__ import annotations

import compileall
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import imgconv
from tests.bench import timing
from tests.bench.agreement import difference, mean_difference, objection
from tests.bench.inputs import BENCH, IMAGES, Pixels, file
from tests.bench.results import OURS, Cell, Row, Target, at_most, within
from tests.bench.tools import COLD, MASK, TOOLS, Tool

_WARMED_TWICE = 5.0  # seconds
_LOSSY = 1.0  # mean difference of two JPEG files of one picture, at most


@dataclass(frozen=True)
class CommandCase:
    """`filter vertical` on a file, by every tool."""

    title: str
    image: str
    suffix: str
    tools: Mapping[str, Tool]
    targets: Sequence[Target] = ()

    @property
    def name(self) -> str:
        return f"{self.title} · {IMAGES[self.image][2]}"


_FAST = [
    within(name, limit, beyond, measure)
    for name in ("vips fast", "OpenCV script")
    for limit, beyond, measure in ((0.75, 0.5, "seconds"), (1, None, "bytes"))
]

CASES = (
    CommandCase(
        "command PNG→PNG",
        "rgb8-small",
        ".png",
        TOOLS,
        [within("OpenCV script", 1.1, 1), within("stock Numba", 0.35), within("vips", 2)],
    ),
    CommandCase("command PNG→PNG, cold", "rgb8-small", ".png", COLD, [at_most(2, 1.2)]),
    CommandCase(
        "command PNG→PNG",
        "rgb8-large",
        ".png",
        TOOLS,
        [*_FAST, within("Pillow script", 0.2), at_most(260, 190, "memory")],
    ),
    CommandCase("command JPEG→JPEG", "rgb8-large", ".jpg", TOOLS, [within("vips", 1.5, 1.2)]),
    CommandCase("command PPM→PPM", "rgb8-large", ".ppm", TOOLS, [within("vips", 1, 0.7)]),
)


class Launcher:
    """The small process that starts commands; see launch.py."""

    def __enter__(self) -> Launcher:
        launch = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py"))]
        self.process = subprocess.Popen(launch, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self.process.terminate()
        self.process.communicate()

    def run(self, argv: Sequence[str], env: Mapping[str, str], folder: str, timeout: float) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        print(
            json.dumps({"argv": argv, "env": env, "folder": folder, "timeout": timeout}),
            file=self.process.stdin,
            flush=True,
        )
        return json.loads(self.process.stdout.readline())  # type: ignore[no-any-return]


@dataclass
class Contestant:
    """One tool on one file, with what its runs took."""

    name: str
    tool: Tool
    source: Path
    folder: Path
    launcher: Launcher
    timeout: float
    memory: list[float]

    @property
    def target(self) -> Path:
        return self.folder / f"{self.name.replace(' ', '-')}{self.source.suffix}"

    def once(self, command: Sequence[str]) -> float:
        """Seconds of one run; RuntimeError if it fails. The old output is gone before the clock starts."""
        self.target.unlink(missing_ok=True)
        places = {"{in}": str(self.source), "{mask}": str(self.folder / "mask.mat")}
        argv: list[str] = []
        for word in command:
            argv += self.tool.written(self.target).split(" ") if word == "{out}" else [places.get(word, word)]
        kept = self.folder / "kept"
        fresh = tempfile.mkdtemp(dir=self.folder)
        env = {key: value.format(fresh=fresh, kept=kept) for key, value in self.tool.env.items()}
        ended = self.launcher.run(argv, env, str(self.folder), self.timeout)
        if ended["code"] != 0:
            raise RuntimeError(
                f"longer than {self.timeout:.0f} s"
                if ended["code"] == -9
                else ended["said"] or f"exit code {ended['code']}"
            )
        self.memory.append(ended["memory"])
        return float(ended["seconds"])


def run(case: CommandCase, *, budget: float, cap: float, rounds: int) -> Row:
    """The row of a case: warm-up and agreement first, then interleaved runs."""
    row = Row(case.name, "commands", targets=tuple(case.targets))
    compileall.compile_dir(
        Path(imgconv.__file__).parent, quiet=2
    )  # as pip does for an installed package, and has done for the peers
    with tempfile.TemporaryDirectory(dir=BENCH) as folder, Launcher() as launcher:
        (Path(folder) / "mask.mat").write_text(MASK)
        (Path(folder) / "kept").mkdir()
        source, ours = file(case.image, case.suffix), None
        samples: dict[str, timing.Sample] = {}
        costs: dict[str, float] = {}
        entered: dict[str, Contestant] = {}
        for name, tool in case.tools.items():
            if case.suffix not in tool.suffixes:
                continue
            cell = row.cells[name] = Cell(tool.role)
            command = tool.command()
            if isinstance(command, str):
                cell.note = command
                continue
            contestant = Contestant(name, tool, source, Path(folder), launcher, cap, [])
            try:
                costs[name] = contestant.once(command)
                if costs[name] < _WARMED_TWICE:  # the first run fills caches, its own and the machine's
                    costs[name] = contestant.once(command)
                cell.bytes = contestant.target.stat().st_size
                result = decoded(contestant.target)
            except (RuntimeError, OSError) as error:
                cell.note = f"failed: {error}"[:200]
                costs.pop(name, None)
                continue
            ours = result if name == OURS else ours
            if tool.role == "peer" and ours is not None:
                cell.note = disagreement(ours, result, tool.crop, case.suffix)
            if cell.note:
                costs.pop(name)
                continue
            contestant.memory.clear()
            entered[name], samples[name] = contestant, partial(contestant.once, command)
        found = timing.interleave(samples, timing.plan(costs, budget, rounds, min(rounds, timing.LEAST_ROUNDS)))
        for name, seconds in found.items():
            cell = row.cells[name]
            (cell.seconds, cell.spread), cell.runs = timing.summary(seconds), len(seconds)
            cell.memory = statistics.median(entered[name].memory)
    return row


def decoded(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def disagreement(ours: Pixels, theirs: Pixels, crop: int, suffix: str) -> str:
    """Equal pixels, or for JPEG nearly equal ones on average: coders differ."""
    return (
        objection(mean_difference(ours, theirs, crop), _LOSSY)
        if suffix == ".jpg"
        else objection(difference(ours, theirs, crop), 0)
    )
