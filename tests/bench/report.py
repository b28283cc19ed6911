"""The results, as a table for the terminal, as JSON, and as the tables of docs/performance.md.

Losses are shown like everything else.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.inputs import ROOT
from tests.bench.results import Cell, Row, row_from
from tests.programs import found

PAGE = ROOT / "docs/performance.md"
_PACKAGES = (
    "imgconv",
    "numpy",
    "pillow",
    "numba",
    "llvmlite",
    "opencv-python-headless",
    "scipy",
    "scikit-image",
    "torch",
    "pyvips",
    "pyvips-binary",
)
_PROGRAMS = (
    ("vips", "--version"),
    ("convert-im6.q16", "--version"),
    ("magick", "--version"),
    ("gm", "version"),
    ("ffmpeg", "-version"),
)


# ---------------------------------------------------------------- words


def time_text(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return (
        f"{seconds:.2f} s"
        if seconds >= 1
        else f"{seconds * 1e3:.{0 if seconds >= 0.1 else 1 if seconds >= 0.001 else 2}f} ms"
    )


def ratio_text(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}×" if ratio < 10 else f"{ratio:.0f}×"


def cell_text(name: str, cell: Cell) -> str:
    """One contestant in words: its time, or why there is none."""
    if cell.seconds is None:
        return f"{name}: {cell.note or 'not timed'}"
    more = f", {cell.memory:.0f} MB" if cell.memory else ""
    more += f", file {cell.bytes / 1e6:.2f} MB" if cell.bytes else ""
    mark = " (yardstick, computes something else)" if cell.role == "yardstick" else ""
    return f"{name} {time_text(cell.seconds)} ±{(cell.spread or 0) / 2:.0%}{more} [{cell.runs}]{mark}"


def details(row: Row) -> str:
    """A row while it is measured: everybody's time, and the targets."""
    lines = [row.name, *(f"    {cell_text(name, cell)}" for name, cell in row.cells.items())]
    return "\n".join([*lines, *(f"    target {target.text}: {row.verdict(target)}" for target in row.targets)])


HEADS = ("case", "imgconv", "best peer", "", "ratio", "floor", "targets", "spread")


def columns(row: Row) -> tuple[str, ...]:
    """Ratio: the best peer's time by ours, above 1 where imgconv is faster; floor: our time by the floor's."""
    best = row.best()
    verdicts = "; ".join(f"{target.text}: {row.verdict(target)}" for target in row.targets)
    spread = "" if row.ours.spread is None else f"{row.ours.spread:.0%}"
    ours = time_text(row.ours.seconds) or row.ours.note
    beside = time_text(row.cells[best].seconds) if best else ""
    return (
        row.name,
        ours,
        best or "none",
        beside,
        ratio_text(row.ratio(best)),
        ratio_text(row.floor()),
        verdicts,
        spread,
    )


def terminal(rows: Iterable[Row]) -> str:
    """All rows, columns aligned; targets below their row's other columns if they do not fit beside."""
    lines = [HEADS, *map(columns, rows)]
    kept = [(*line[:6], line[7]) for line in lines]
    widths = [max(len(line[i]) for line in kept) for i in range(7)]
    shown = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in kept
    ]
    return "\n".join(f"{text}  {line[6]}".rstrip() for text, line in zip(shown, lines, strict=True))


def markdown(rows: Sequence[Row], machine: str) -> str:
    """The page's part: arrays, then commands with memory and file sizes."""
    arrays = [["case", "imgconv", "best peer", "ratio", "by a copy", "targets"]]
    commands = [
        ["case", "imgconv", "best peer", "ratio", "by Pillow's decode + encode", "peak memory", "file", "targets"]
    ]
    for row in rows:
        name, ours, best, beside, ratio, floor, verdicts, _ = columns(row)
        cells = [name, ours, f"{best} {beside}".strip(), ratio, floor]
        if row.group == "commands":
            cells += [_pair(row, "memory", 1), _pair(row, "bytes", 1e6)]
        (arrays if row.group == "arrays" else commands).append([*cells, verdicts])
    tables = [_table(lines) for lines in (arrays, commands) if len(lines) > 1]
    void = sorted(
        {f"{name} ({cell.note.partition(':')[0]})" for row in rows for name, cell in row.cells.items() if cell.note}
    )
    notes = f"\n\nWithout a figure somewhere: {', '.join(void)}." if void else ""
    return (
        "\n\n".join(tables)
        + f"\n\nRatio: the best peer's time by ours, above 1 where imgconv is faster. {machine}{notes}\n"
    )


def _pair(row: Row, measure: str, unit: float) -> str:
    """Ours and the best peer's, in MB."""
    values = [getattr(row.cells[name], measure) for name in ("imgconv", row.best()) if name]
    return (
        " : ".join(f"{value / unit:.{0 if value / unit >= 10 else 2}f}" if value else "?" for value in values) + " MB"
    )


def _table(lines: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in [lines[0], ["---"] * len(lines[0]), *lines[1:]])


# ---------------------------------------------------------------- files


def machine() -> dict[str, Any]:
    """The processor, the system, and the versions of everybody."""
    cpu = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*:\s*(.+)", cpu.read_text()) if cpu.exists() else []
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = ""
    for program, word in _PROGRAMS:
        if path := found(program):
            versions[program] = (
                subprocess.run([path, word], capture_output=True, text=True, check=False).stdout.splitlines() or [""]
            )[0]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cpu": names[0] if names else platform.processor(),
        "cores": cores,
        "system": platform.platform(),
        "python": platform.python_version(),
        **versions,
    }


def store(path: Path, rows: Sequence[Row], order: Sequence[str] = ()) -> None:
    """The rows as JSON; those of earlier runs that were not measured again are kept. `order`: the names that there are,
    sorted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(path.read_text())["rows"] if path.exists() else []
    measured = {row.name: asdict(row) | {"date": time.strftime("%Y-%m-%d %H:%M")} for row in rows}
    merged = [measured.pop(row["name"], row) for row in known] + list(measured.values())
    if order:
        merged = sorted((row for row in merged if row["name"] in order), key=lambda row: order.index(row["name"]))
    path.write_text(json.dumps({"machine": machine(), "rows": merged}, indent=1, ensure_ascii=False))


def stored(path: Path) -> tuple[list[Row], str]:
    """Rows and a sentence about the machine, from JSON."""
    data = json.loads(path.read_text())
    about = data["machine"]
    peers = ", ".join(f"{name} {about[name]}" for name in _PACKAGES[5:] if about.get(name))
    return [
        row_from(row) for row in data["rows"]
    ], f"{about['cores']} cores of {about['cpu']}, Python {about['python']}, {peers}."


def publish(path: Path, page: Path = PAGE, part: str = "bench") -> bool:
    """Puts the table of the JSON at `path` into a part of a page; False where that has no place for it."""
    place = re.compile(rf"(<!-- {part} -->\n).*?(<!-- end -->)", re.S)
    text, count = place.subn(lambda place: f"{place[1]}{markdown(*stored(path))}{place[2]}", page.read_text())
    if count:
        page.write_text(text)
    return bool(count)
