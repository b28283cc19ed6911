"""README says what is true: its tables, its commands with their output, its Python, its pictures."""

import doctest
import re
import shutil
import subprocess

import numpy as np
import pytest

import imgconv
from imgconv.api import filters
from tests.docs import README, ROOT, ran, regenerated

TEXT = README.read_text()
BLOCKS = re.findall(r"```console\n(.*?)```", TEXT, flags=re.S)


def test_tables_come_from_the_declarations():
    assert regenerated(TEXT, outputs=False) == TEXT, "run `make docs`"


def test_readme_has_commands():
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0][2:40])
def test_commands_print_what_is_shown(block):
    assert ran(block) == block, "run `make docs`"


def test_python_does_what_is_shown(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testfile(str(README), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried >= 5
    assert failed == 0


@pytest.mark.parametrize("module", [imgconv, filters], ids=lambda module: module.__name__)
def test_docstrings_do_what_they_show(module):
    failed, tried = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried
    assert failed == 0


def test_the_picture_after_is_made_from_the_picture_before():
    before, after = (imgconv.load(ROOT / f"samples/{name}.png") for name in ("staircase", "staircase-vertical"))
    np.testing.assert_array_equal(imgconv.correlate(before.pixels, "vertical"), after.pixels)


def test_make_knows_the_targets_that_readme_names():
    named = set(re.findall(r"`?make ([a-z]+)`?", TEXT)) - {"sure"}
    assert {"run", "test", "help"} <= named
    for target in named:
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


def test_links_and_pictures_exist():
    for path in re.findall(r"\]\((?!http)([^)#]+)\)|src=\"([^\"]+)\"", TEXT):
        assert (ROOT / (path[0] or path[1])).exists(), path
