"""The store under siege: many processes, many kills, every type both ways."""

import subprocess
import sys

import pytest

from tests.examples import EXAMPLES, PIPELINES
from tests.jit import test_store
from tests.jit.test_store import PROBE, both_ways, kept, kill_in_the_middle_of_writes

pytestmark = pytest.mark.slow
folder = test_store.folder


def test_two_hundred_cold_processes_compile_once(folder):
    processes = [subprocess.Popen([sys.executable, "-c", PROBE], stdout=subprocess.PIPE, text=True) for _ in range(200)]
    imported = [process.communicate(timeout=600)[0].strip() for process in processes]
    assert all(process.returncode == 0 for process in processes)
    assert imported.count("True") == 1
    assert kept(folder)


def test_a_thousand_kills_leave_whole_files_or_none(folder):
    assert kill_in_the_middle_of_writes(folder, 1000) - {None}


@pytest.mark.parametrize("type_", ["uint16", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("text", [text for texts in EXAMPLES.values() for text in texts] + PIPELINES)
def test_both_ways_give_the_same_bytes(monkeypatch, text, type_):
    for dtype in (None, "float32"):
        linked, stock = both_ways(monkeypatch, text, type_, dtype)
        assert linked.tobytes() == stock.tobytes()
