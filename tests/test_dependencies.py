"""What `make matrix` tells: bounds, Pythons that are missing, and the exit code."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import dependencies
from tests.dependencies import Cell

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_the_oldest_are_the_lower_bounds_and_the_newest_are_left_to_pip():
    declared = dependencies.project()["project"]["dependencies"]
    old, new = dependencies.requirements("oldest"), dependencies.requirements("newest")
    assert set(declared) < set(new)
    assert "click==8.2" in old
    assert all("==" in line for line in old[: len(declared)])
    assert len(old) == len(new)
    assert {line.split(">")[0] for line in old[-len(dependencies.TOOLS) :]} == set(dependencies.TOOLS)


def test_a_marker_stays_with_its_bound():
    assert dependencies.oldest('numpy>=2.2,<4; python_version < "3.14"') == 'numpy==2.2; python_version < "3.14"'
    with pytest.raises(ValueError, match="no lower bound"):
        dependencies.oldest("numpy")


def test_every_python_that_is_supported_has_a_cell():
    wanted = dependencies.project()["project"]["requires-python"]
    assert wanted == f">={dependencies.PYTHONS[0]}"
    assert HERE in dependencies.PYTHONS


def test_this_python_is_found_and_one_that_cannot_be_is_missing():
    assert dependencies.found(HERE) == Path(sys.executable)
    assert dependencies.found("3.99") is None


def test_a_command_that_fails_is_no_python(tmp_path, monkeypatch):
    """As pyenv's shims, which are there for every version that any project has."""
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\necho 3.99\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert shim in list(dependencies.candidates("3.99"))
    assert dependencies.found("3.99") is None


PASSED, MISSING, FAILED = (
    Cell("3.11", "oldest", "9 passed"),
    Cell("3.14", "oldest", "missing"),
    Cell("3.12", "newest", "8 passed, 1 failed", failed=True),
)


def test_the_missing_are_named():
    text = dependencies.table([PASSED, MISSING])
    assert "there is no such Python here: 3.14" in text
    assert "FAILED" not in text
    assert "3.12     newest   8 passed, 1 failed  <- FAILED" in dependencies.table([PASSED, FAILED])


@pytest.mark.parametrize(
    ("cells", "code"), [([PASSED], 0), ([PASSED, MISSING], 0), ([MISSING], 1), ([PASSED, FAILED], 1), ([], 1)]
)
def test_only_what_passed_counts_as_passed(cells, code):
    assert dependencies.code(cells) == code


def test_pytest_speaks_for_its_cell(tmp_path, monkeypatch):
    """A run that fails, collects nothing or dies is no pass."""
    monkeypatch.setattr(dependencies, "ROOT", tmp_path)
    (tmp_path / "good.py").write_text("def test_one(): pass\n")
    (tmp_path / "bad.py").write_text("def test_one(): pass\ndef test_two(): assert False\n")
    (tmp_path / "none.py").write_text("")
    (tmp_path / "home" / "bin").mkdir(parents=True)
    inside = tmp_path / "home" / "bin" / "python"
    inside.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    inside.chmod(0o755)
    cells = {
        name: dependencies.tested(inside, HERE, "newest", [f"{name}.py"], "0")
        for name in ("good", "bad", "none", "absent")
    }
    assert {name: cell.failed for name, cell in cells.items()} == {
        "good": False,
        "bad": True,
        "none": True,
        "absent": True,
    }
    assert (cells["good"].text, cells["bad"].text) == ("1 passed", "1 passed, 1 failed")


def test_make_names_it():
    done = subprocess.run(["make", "-C", str(dependencies.ROOT), "help"], capture_output=True, text=True, check=True)
    assert "make matrix" in done.stdout
