"""Machine code on disk: used only when whole and the user's own; otherwise compiled again, with the same result."""

import math
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from imgconv import errors, jit
from imgconv.jit import compile as compiler
from imgconv.jit import store
from imgconv.loops import Loop, parameters, view
from imgconv.loops.activate import LOOP

KINDS = {"function": "relu", "src": "int16", "out": "int32"}
PROBE = """
import sys
import numpy as np
import imgconv
result = imgconv.run(np.array([[-5, 7]], np.int16), "relu", dtype="int32")
assert result.tolist() == [[0, 7]], result
print("numba" in sys.modules)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache folder, and no loops remembered in this process."""
    monkeypatch.setenv("IMGCONV_CACHE_DIR", str(tmp_path / "loops"))
    monkeypatch.setattr(jit, "_functions", {})
    return tmp_path / "loops"


def relu():
    """The loop's result on two values, through whatever the store gives."""
    result = np.zeros(2, np.int32)
    jit.bind(LOOP, KINDS, {"source": np.array([-5, 7], np.int16), "row": 2, "result": result, "last": 1})(0, 1)
    return result.tolist()


def kept(folder: Path) -> Path:
    """The one file of the store."""
    (found,) = (path for path in folder.iterdir() if path.suffix != ".lock")
    return found


def compilations(monkeypatch):
    """A list that grows with every compilation."""
    done, real = [], compiler.compile_loop
    monkeypatch.setattr(compiler, "compile_loop", lambda loop, kinds: done.append(loop.name) or real(loop, kinds))
    return done


def run_probe(**environment):
    done = subprocess.run([sys.executable, "-c", PROBE], env=os.environ | environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip() == "True"


def test_a_warm_process_does_not_import_numba(folder):
    assert run_probe() is True
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert run_probe() is False


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "another's magic"])
def test_damaged_files_are_compiled_again(folder, monkeypatch, damage):
    assert relu() == [0, 7]
    path = kept(folder)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    path.write_bytes({"cut": whole[:-1], "flipped": bytes(flipped), "emptied": b"", "another's magic": b"x" + whole[1:]}[damage])
    done = compilations(monkeypatch)
    jit._functions.clear()
    assert relu() == [0, 7]
    assert done == ["activate"]
    jit._functions.clear()
    assert relu() == [0, 7]
    assert done == ["activate"], "what was compiled again is kept again"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows guards the user's profile by access lists")
@pytest.mark.parametrize("opened", ["file", "folder", "link"])
def test_what_others_could_have_written_is_not_trusted(folder, monkeypatch, opened, tmp_path):
    assert relu() == [0, 7]
    path = kept(folder)
    if opened == "file":
        path.chmod(0o666)
    elif opened == "folder":
        folder.chmod(0o777)
    else:
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    done = compilations(monkeypatch)
    jit._functions.clear()
    assert relu() == [0, 7]
    assert done == ["activate"]


def test_a_folder_that_cannot_be_made_means_compiling_in_memory(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("IMGCONV_CACHE_DIR", str(tmp_path / "file" / "loops"))
    monkeypatch.setattr(jit, "_functions", {})
    assert relu() == [0, 7]
    assert run_probe(IMGCONV_CACHE_DIR="/proc/nonexistent/loops") is True


def test_later_folders_are_read_and_not_written(folder, monkeypatch, tmp_path):
    assert relu() == [0, 7]
    before = sorted(folder.iterdir())
    monkeypatch.setenv("IMGCONV_CACHE_DIR", os.pathsep.join([str(tmp_path / "own"), str(folder)]))
    done = compilations(monkeypatch)
    jit._functions.clear()
    assert relu() == [0, 7]
    assert done == []
    assert sorted(folder.iterdir()) == before


def test_the_key_changes_with_types_and_variables(monkeypatch):
    first = store.key(LOOP, KINDS)
    assert store.key(LOOP, KINDS) == first
    assert store.key(LOOP, KINDS | {"out": "float32"}) != first
    monkeypatch.setenv("NUMBA_OPT", "1")
    store._environment.cache_clear()
    try:
        assert store.key(LOOP, KINDS) != first
    finally:
        monkeypatch.undo()
        store._environment.cache_clear()


def test_many_cold_processes_compile_once(folder):
    processes = [subprocess.Popen([sys.executable, "-c", PROBE], stdout=subprocess.PIPE, text=True) for _ in range(6)]
    imported = [process.communicate(timeout=120)[0].strip() for process in processes]
    assert imported.count("True") == 1
    assert all(process.returncode == 0 for process in processes)
    assert kept(folder)


def test_symbols_a_process_may_lack_are_refused():
    def make(src):
        def body(source, result, first, last):
            given, target = view(source, last), view(result, last)
            for x in range(first, last):
                target[x] = math.lgamma(given[x])

        return body

    loop = Loop("stranger", make, parameters("source:src result:=src first last"), lambda given: {"source": given["last"], "result": given["last"]})
    with pytest.raises(errors.LoopError, match=r"undefined symbols .*lgamma"):
        compiler.compile_loop(loop, {"src": "float64"})


def test_an_object_that_cannot_be_linked_is_an_error_and_not_a_crash(folder):
    with pytest.raises(errors.LoopError, match="cannot be used"):
        jit.link(LOOP, b"no object code", "entry")
    jit._functions.clear()
    assert relu() == [0, 7], "and the next one links"
