"""Machine code in the processes of others: their forks, their settings of Numba, their archives."""

import contextlib
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

import imgconv
from imgconv import errors, jit
from imgconv.jit import forks, keys
from tests import command
from tests.jit import test_store
from tests.jit.test_store import PROBE, relu, run_probe

folder = test_store.folder

FORKED = """
import os, signal, sys, threading, time
import numpy as np
import imgconv
pixels = np.array([[-5, 7]], np.int16)
other = threading.Thread(target=imgconv.run, args=(pixels, "relu"), kwargs={"dtype": "int32"})
other.start()
while "numba" not in sys.modules:
    time.sleep(0.001)
time.sleep(float(sys.argv[1]))
child = os.fork()
if not child:
    signal.alarm(100)
    os._exit(imgconv.run(pixels, sys.argv[2], dtype="int32").tolist() != [[0 if sys.argv[2] == "relu" else 5, 7]])
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize(
    ("delay", "step"),
    [
        (0.3, "abs"),
        *(
            pytest.param(delay, step, marks=pytest.mark.slow)
            for delay in (0, 0.1, 0.2, 0.5, 0.8, 1.2, 1.6)
            for step in ("relu", "abs")
        ),
    ],
)
def test_a_fork_while_another_thread_compiles_gives_a_child_that_can_compile(folder, delay, step):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED, str(delay), step],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_child_that_cannot_compile_is_told_in_one_sentence(folder, monkeypatch):
    monkeypatch.setattr(forks, "_late", [True])
    with pytest.raises(errors.LoopError, match="forked while another thread was compiling"):
        relu()
    monkeypatch.setattr(forks, "_late", [])
    assert relu() == [0, 7]
    monkeypatch.setattr(forks, "_late", [True])
    jit._functions.clear()
    assert relu() == [0, 7], "what is kept needs no compiler"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_fork_waits_only_so_long(monkeypatch):
    monkeypatch.setattr(forks, "PATIENCE", 0.2)
    monkeypatch.setattr(forks, "_making", threading.RLock())
    forks.watch()
    with held_by_another_thread(forks._making):
        child = os.fork()
        if not child:
            os._exit(10 + forks.midway() + forks._making.acquire(timeout=1))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 12
    child = os.fork()
    if not child:
        os._exit(10 + forks.midway() + forks._making.acquire(timeout=1))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 11
    assert forks._making.acquire(timeout=1), "given back by the fork"
    forks._making.release()


@contextlib.contextmanager
def held_by_another_thread(lock):
    taken, enough = threading.Event(), threading.Event()

    def hold():
        with lock:
            taken.set()
            enough.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(30)
    yield
    enough.set()
    thread.join()


STEPS = ("filter", "box:5")
SETTINGS = [
    {"NUMBA_CPU_NAME": "generic"},
    {"NUMBA_ENABLE_AVX": "0"},
    {"NUMBA_DISABLE_JIT": "1"},
    {"NUMBA_CPU_FEATURES": "-avx512vnni"},
    {"NUMBA_OPT": "much"},
]


@pytest.mark.parametrize(
    "settings", [one if one is SETTINGS[0] else pytest.param(one, marks=pytest.mark.slow) for one in SETTINGS], ids=str
)
def test_settings_of_numba_change_no_pixel_and_end_no_process(tmp_path, settings):
    """With 8-bit values, which take AVX-512 where code is compiled for it."""
    pixels = command.noise(40, 200)
    command.save(tmp_path / "in.npy", pixels)
    done = command.imgconv(
        *STEPS, "in.npy", "-o", "out.npy", cwd=tmp_path, env={"IMGCONV_CACHE_DIR": str(tmp_path / "loops"), **settings}
    )
    assert (done.code, done.err.count("\n")) == (0, 1), done.err
    assert np.array_equal(np.load(tmp_path / "out.npy"), imgconv.correlate(pixels, STEPS[1]))


def test_a_switch_that_is_meant_for_functions_of_others_switches_nothing_off(folder):
    assert run_probe(NUMBA_DISABLE_JIT="1") is True
    assert list(folder.glob("activate-*"))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"NUMBA_NUM_THREADS": "0"}, "Numba refuses its settings"),
        ({"NUMBA_CPU_FEATURES": "avx2"}, "NUMBA_CPU_FEATURES is to be a list such as"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_a_sentence(tmp_path, settings, sentence):
    command.save(tmp_path / "in.npy", command.noise(9, 9))
    done = command.imgconv(
        *STEPS, "in.npy", "-o", "out.npy", cwd=tmp_path, env={"IMGCONV_CACHE_DIR": str(tmp_path / "loops"), **settings}
    )
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert sentence in done.err
    assert "; unset " in done.err


def test_settings_in_the_current_folder_are_not_ours(tmp_path):
    """Numba reads them from there, if there is a yaml; if not, it warns."""
    (tmp_path / ".numba_config.yaml").write_text("cpu_name: generic\nopt: 0\n")
    (tmp_path / "yaml").mkdir()
    (tmp_path / "yaml" / "__init__.py").write_text(
        "def safe_load(file): return {'disable_jit': '1', 'boundscheck': '1', 'opt': '0'}"
    )
    keys_ = []
    for path in ("", str(tmp_path)):
        loops = tmp_path / f"loops{len(path)}"
        words = [sys.executable, "-c", PROBE]
        env = os.environ | {"IMGCONV_CACHE_DIR": str(loops), "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
        done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        (one,) = loops.glob("activate-*")
        keys_.append((one.name, one.read_bytes()))
    assert keys_[0] == keys_[1]


HOST = """
import numba, numpy, sys
import imgconv
pixels = numpy.arange(8000, dtype=numpy.uint8).reshape(40, 200)
numba.config.CPU_NAME, numba.config.CPU_FEATURES = "generic", ""
if sys.argv[1] == "used":
    assert numba.njit(lambda x: x + 1)(1) == 2
    numba.config.CPU_NAME, numba.config.CPU_FEATURES = None, None
try:
    made = imgconv.correlate(pixels, "box:5")
except RuntimeError as error:
    print(error)
else:
    print(made.sum())
assert numba.config.DISABLE_JIT == 0 and numba.config._config_fname == ".numba_config.yaml"
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["set", "used"])
def test_a_host_that_has_told_numba_otherwise_goes_on(tmp_path, how):
    env = os.environ | {"IMGCONV_CACHE_DIR": str(tmp_path / "loops")}
    done = subprocess.run(
        [sys.executable, "-c", HOST, how], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    expected = str(imgconv.correlate(np.arange(8000).astype(np.uint8).reshape(40, 200), "box:5").sum())
    assert done.stdout.strip() == expected or (how == "used" and "set Numba to do without" in done.stdout)


def test_an_archive_can_be_imported_from(tmp_path):
    """Whatever lies in it is what its key says."""
    with zipfile.ZipFile(tmp_path / "imgconv.zip", "w") as archive:
        for path in Path(keys.PACKAGE).rglob("*.py"):
            archive.write(path, Path("imgconv") / path.relative_to(keys.PACKAGE))
    probe = (
        "import imgconv; from imgconv.jit import keys; assert '.zip' in imgconv.__file__;"
        " print(keys.environment().hex())\n" + PROBE
    )
    env = os.environ | {"PYTHONPATH": str(tmp_path / "imgconv.zip"), "IMGCONV_CACHE_DIR": str(tmp_path / "loops")}
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    keys.environment.cache_clear()
    assert done.stdout.split() == [keys.environment().hex(), "True"]
    assert list((tmp_path / "loops").glob("activate-*")), "a child tried it"


def test_sources_that_are_missing_are_said_to_be(monkeypatch, tmp_path):
    monkeypatch.setattr(keys, "PACKAGE", str(tmp_path))
    keys.environment.cache_clear()
    with pytest.raises(errors.FileError, match="the loops' sources are missing"):
        keys.environment()
