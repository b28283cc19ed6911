"""What `make packages` looks at, the workflow of the code host, and the ways in which a Python may be started."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import packages
from tests.command import environment
from tests.dependencies import PYTHONS, project

WORKFLOW = packages.ROOT / ".github" / "workflows" / "test.yml"
POSIX = ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty")
"""Modules that Windows has not."""


def test_files_that_lack_and_that_should_not_be_there_are_named() -> None:
    packages.compare("it", {"a"}, {"a"})
    with pytest.raises(packages.PackageError, match="it lacks b"):
        packages.compare("it", {"a"}, {"a", "b"})
    with pytest.raises(packages.PackageError, match="it has c, which it should not"):
        packages.compare("it", {"a", "c"}, {"a"})


def test_the_workflow_is_one_and_runs_the_commands_of_every_day() -> None:
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(WORKFLOW)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    makefile = (packages.ROOT / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"- run: make (\w+)", WORKFLOW.read_text(encoding="utf-8"))
    assert {"run", "test", "matrix", "packages"} <= set(commands)
    assert all(re.search(rf"^{command}:", makefile, re.M) for command in commands)


def test_pythons_are_the_same_everywhere() -> None:
    stated = project()["project"]
    assert [line.rsplit(" ", 1)[1] for line in stated["classifiers"] if ":: 3." in line] == [*PYTHONS]
    assert stated["requires-python"] == f">={PYTHONS[0]}"
    in_workflow = re.findall(r"python: \[(.*)\]", WORKFLOW.read_text(encoding="utf-8"))
    assert {version for line in in_workflow for version in re.findall(r'"(.*?)"', line)} == {*PYTHONS}


STARTS = {
    "as it is": ((), {}),
    "optimized": (("-O",), {}),
    "isolated": (("-I",), {}),
    "without a home": ((), {"HOME": "", "XDG_CACHE_HOME": ""}),
    "in the C locale": ((), {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
}


@pytest.mark.parametrize("start", STARTS)
def test_the_command_runs_however_python_is_started(start: str, tmp_path: Path) -> None:
    flags, changes = STARTS[start]
    words = [sys.executable, *flags, "-m", "imgconv", "filter", "vertical", "text:1 2 3; 4 5 6; 7 8 9"]
    done = subprocess.run(
        [*words, "-o", "schön.csv"], cwd=tmp_path, env=environment(changes), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "schön.csv").read_text().split() == [
        "3,6,3"
    ] * 3  # 3 rows of right less left, the border repeated


def test_the_command_runs_where_modules_of_posix_are_missing(tmp_path: Path) -> None:
    missing = f"import sys; sys.modules.update(dict.fromkeys({POSIX!r})); from imgconv.cli import main; main()"
    words = [sys.executable, "-c", missing, "pool", "text:1 2; 4 3", "-o", "out.csv"]
    done = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.csv").read_text() == "4\n"
