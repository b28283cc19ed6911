"""`make matrix`: the tests with the oldest and the newest dependencies that pyproject.toml allows, on every Python that
is found here.

Each pair of a Python and a kind of dependencies has an environment of its own in .matrix. What is missing is named and
never counted as passed. `python -m tests.dependencies --only tests/cli/test_command.py` runs some of the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
HOME = ROOT / ".matrix"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""Those that are out; newer ones are added here."""
KINDS = ("oldest", "newest")
MISSING = "missing"
TOOLS = ("pytest", "pytest-xdist", "hypothesis", "scipy")
"""What the tests themselves import, of the test group; it is always the newest."""


@dataclass(frozen=True)
class Cell:
    """What became of the tests in one environment."""

    python: str
    kind: str
    text: str
    failed: bool = False


# ---------------------------------------------------------------- requirements


def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def requirements(kind: str) -> list[str]:
    """What pip is to install beside imgconv itself: all that it may use, and the tools of the tests."""
    declared = project()
    own = [
        *declared["project"]["dependencies"],
        *(line for extra in declared["project"]["optional-dependencies"].values() for line in extra),
    ]
    tools = [line for line in declared["dependency-groups"]["test"] if Requirement(line).name in TOOLS]
    return [*(oldest(line) if kind == "oldest" else line for line in own), *tools]


def oldest(line: str) -> str:
    """The lower bound of a requirement, exactly: `click>=8.2` is `click==8.2`. ValueError where there is none."""
    wanted = Requirement(line)
    bounds = [part.version for part in wanted.specifier if part.operator == ">="]
    if len(bounds) != 1:
        raise ValueError(f"pyproject.toml: {line} has no lower bound")
    return f"{wanted.name}=={bounds[0]}" + (f"; {wanted.marker}" if wanted.marker else "")


# ---------------------------------------------------------------- Pythons


def found(version: str) -> Path | None:
    """An interpreter of a version such as `3.12` that works and can make environments, or None."""
    return next((path for path in candidates(version) if works(path, version)), None)


def candidates(version: str) -> Iterator[Path]:
    """Where one may be: on PATH, among pyenv's, and where uv knows one. A shim of pyenv may be there without its
    Python."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        yield Path(sys.executable)
    if on_path := shutil.which(f"python{version}"):
        yield Path(on_path)
    if pyenv := os.environ.get("PYENV_ROOT") or said("pyenv", "root"):
        yield from sorted(Path(pyenv).glob(f"versions/{version}*/bin/python{version}"), reverse=True)
    if known := said("uv", "python", "find", "--no-project", version):
        yield Path(known)


def said(*words: str) -> str:
    """What a program prints; empty where there is none, or it fails."""
    if not shutil.which(words[0]):
        return ""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def works(path: Path, version: str) -> bool:
    return said(str(path), "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])") == version


# ---------------------------------------------------------------- environments


def environment(python: Path, version: str, kind: str) -> Path:
    """The interpreter of the environment of a cell, made or renewed if need be. Raises CalledProcessError."""
    home = HOME / f"{version}-{kind}"
    inside, stamp = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python"), home / "installed.json"
    wanted = requirements(kind)
    content = json.dumps([str(python), wanted])
    if kind == "oldest" and stamp.exists() and stamp.read_text() == content:
        return inside
    if not stamp.exists():
        shutil.rmtree(home, ignore_errors=True)
        run(str(python), "-m", "venv", str(home))
    pip = str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"
    run(*pip, "--upgrade", "--upgrade-strategy", "eager", *wanted)
    run(*pip, "--no-deps", "--editable", str(ROOT))
    stamp.write_text(content)
    return inside


def run(*words: str) -> None:
    subprocess.run(words, check=True, cwd=ROOT, capture_output=True, text=True)


def tested(inside: Path, python: str, kind: str, only: Sequence[str], processes: str) -> Cell:
    """Runs the tests in an environment."""
    report = inside.parent.parent / "report.xml"
    report.unlink(missing_ok=True)
    words = [
        str(inside),
        "-m",
        "pytest",
        "-q",
        "-n",
        processes,
        "--dist",
        "worksteal",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
        *only,
    ]
    done = subprocess.run(words, cwd=ROOT, check=False)
    if not report.exists():
        return Cell(python, kind, f"pytest ended with {done.returncode}", failed=True)
    counts = {
        key: sum(int(suite.get(key, 0)) for suite in ElementTree.parse(report).iter("testsuite"))
        for key in ("tests", "failures", "errors", "skipped")
    }
    failures, passed = (
        counts["failures"] + counts["errors"],
        counts["tests"] - sum(counts[key] for key in ("failures", "errors", "skipped")),
    )
    parts = [
        f"{passed} passed",
        *([f"{failures} failed"] if failures else []),
        *([f"{counts['skipped']} skipped"] if counts["skipped"] else []),
    ]
    return Cell(python, kind, ", ".join(parts), failed=done.returncode != 0)


def cell(version: str, kind: str, only: Sequence[str], processes: str) -> Cell:
    """One environment, made and tested; or that there is no such Python."""
    python = found(version)
    if python is None:
        return Cell(version, kind, MISSING)
    print(f"Python {version} with the {kind} dependencies ({python}) ...", flush=True)
    try:
        inside = environment(python, version, kind)
    except subprocess.CalledProcessError as error:
        print(error.stderr, file=sys.stderr)
        return Cell(version, kind, "cannot be installed", failed=True)
    return tested(inside, version, kind, only, processes)


# ---------------------------------------------------------------- the table


def table(cells: Sequence[Cell]) -> str:
    """A line for each environment, and which Pythons are missing."""
    lines = [f"{one.python:8} {one.kind:8} {one.text}{'  <- FAILED' if one.failed else ''}" for one in cells]
    missing = sorted({one.python for one in cells if one.text == MISSING})
    if missing:
        lines.append(f"Not tested, for there is no such Python here: {', '.join(missing)}")
    return "\n".join(lines)


def code(cells: Sequence[Cell]) -> int:
    """0 if all passed that could be run, and anything could."""
    ran = [one for one in cells if one.text != MISSING]
    return 0 if ran and not any(one.failed for one in ran) else 1


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.dependencies", description=__doc__)
    parser.add_argument(
        "--python", choices=PYTHONS, action="append", help="this Python only; may be given several times"
    )
    parser.add_argument("--kind", choices=KINDS, action="append", help="this kind of dependencies only")
    parser.add_argument("--only", nargs="+", default=[], metavar="TESTS", help="these tests only, as pytest names them")
    parser.add_argument(
        "-n",
        dest="processes",
        default="auto",
        help="processes that run tests side by side  [default: as many as processors]",
    )
    given = parser.parse_args(arguments)
    pairs = [(version, kind) for version in given.python or PYTHONS for kind in given.kind or KINDS]
    cells = [cell(version, kind, given.only, given.processes) for version, kind in pairs]
    print(table(cells))
    return code(cells)


if __name__ == "__main__":
    sys.exit(main())
