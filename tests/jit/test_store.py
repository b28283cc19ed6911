"""Machine code on disk: used only when whole and the user's own; otherwise compiled again, with the same result."""

import contextlib
import ctypes
import math
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import imgconv
from imgconv import errors, jit
from imgconv.jit import build, elf, keys, link, machine, precompile, process, store, trial
from imgconv.jit import compile as compiler
from imgconv.jit.precompile import compile_ahead
from imgconv.loops import Loop
from imgconv.loops.activate import LOOP
from tests.command import environment, noise, save
from tests.examples import EXAMPLES, PIPELINES

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
    arguments = {"source": np.array([-5, 7], np.int16), "row": 2, "result": result, "numbers": np.zeros(2), "last": 1}
    jit.bind(LOOP, KINDS, arguments)(0, 1)
    return result.tolist()


def kept(folder: Path) -> Path:
    """The one file of the store."""
    (found,) = (path for path in folder.iterdir() if path.suffix != ".lock" and not path.name.startswith("machine-"))
    return found


def compilations(monkeypatch):
    """A list that grows with every compilation."""
    done, real = [], compiler.compile_loop
    monkeypatch.setattr(compiler, "compile_loop", lambda loop, kinds: done.append(loop.name) or real(loop, kinds))
    return done


def run_probe(**environment):
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip() == "True"


@pytest.mark.skipif(sys.platform != "linux" or os.uname().machine != "x86_64", reason="elsewhere LLVM links")
def test_a_warm_process_does_not_load_llvm_either(folder):
    """Neither to link nor to learn which processor this is; a process that may not map code, or meets another object,
    asks LLVM."""
    command = (
        "import sys, numpy, imgconv; imgconv.activate(numpy.array([[-1, 7]]), 'relu'); print('llvmlite' in sys.modules)"
    )

    def loads_llvm():
        done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, timeout=120, check=True)
        return done.stdout.strip() == "True"

    assert loads_llvm()
    assert not loads_llvm()
    (note,) = folder.glob("machine-*")
    note.write_bytes(note.read_bytes()[:-1])
    assert loads_llvm(), "a damaged note is not believed"
    assert not loads_llvm()


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor has nobody to ask")
def test_a_loop_is_compiled_ahead_by_another_process(folder, monkeypatch):
    done = compilations(monkeypatch)
    compile_ahead(LOOP, KINDS)
    assert precompile.running.pop().wait(60) == 0
    assert relu() == [0, 7]
    assert (done, build.log[-1].origin) == ([], build.STORED)
    started = []
    monkeypatch.setattr(subprocess, "Popen", lambda *arguments, **_: started.append(arguments))
    compile_ahead(LOOP, KINDS)
    assert not started, "it is kept"
    monkeypatch.setenv("IMGCONV_CACHE_DIR", "/proc/nonexistent/loops")
    compile_ahead(LOOP, KINDS)
    assert not started, "it could not be kept"
    monkeypatch.setenv("IMGCONV_CACHE_DIR", str(folder / "new"))
    compile_ahead(LOOP, KINDS)
    assert len(started) == 1


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor has nobody to ask")
@pytest.mark.parametrize("how", [("-I", "-m"), pytest.param(("-m",), marks=pytest.mark.slow)], ids=" ".join)
def test_a_cold_run_executes_nothing_of_the_current_folder(tmp_path, how):
    """Not for the loops either that other processes compile and try."""
    save(tmp_path / "in.png", noise(9, 9))
    for name in ("inspect", "numpy", "numba", "subprocess", "yaml", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write(__name__)")
    env = environment({"IMGCONV_CACHE_DIR": str(tmp_path / "loops")})
    words = [sys.executable, *how, "imgconv", "activate", "relu", "in.png", "-o", "out.png"]
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "loops").glob("png*")), "compiled by another process"
    assert not (tmp_path / "ran").exists()


def test_a_child_inherits_neither_folder_nor_pipes_nor_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    inside, outside = os.pipe()
    os.set_inheritable(outside, True)
    said = (
        f"import os, sys; print(os.getcwd(), sys.flags.isolated, sys.path, os.path.exists('/proc/self/fd/{outside}'),"
        " end='')"
    )
    child = process.started(said, ("llvmlite",), process.PIPE)
    text = child.communicate(timeout=60)[0].decode()
    os.close(inside)
    os.close(outside)
    assert str(tmp_path) not in text
    assert " 1 [" in text
    assert text.endswith("False")


def test_two_modules_alone_start_processes_and_isolate_them():
    starting = {
        str(path.relative_to(keys.PACKAGE))
        for path in Path(keys.PACKAGE).rglob("*.py")
        if re.search(r"Popen\(|os\.(system|popen|spawn|exec|posix_spawn)|multiprocessing", path.read_text())
    }
    assert starting == {os.path.join("jit", "process.py"), os.path.join("batches", "workers.py")}
    assert all(re.search(r'sys\.executable, "-I"', (Path(keys.PACKAGE) / name).read_text()) for name in starting)


def test_the_note_of_a_machine_changes_with_what_it_can():
    cpu = (
        b"vendor_id\t: A\ncpu family\t: 25\nmodel\t\t: 17\nstepping\t: 1\ncpu MHz\t: 2596\nflags\t\t: fpu"
        b" avx2\nbogomips\t: 1\n\nprocessor\t: 1\n"
    )
    mark = machine.mark_of(cpu)
    assert mark.startswith("machine-")
    assert machine.mark_of(cpu.replace(b"2596", b"3600").replace(b"bogomips\t: 1", b"bogomips\t: 2")) == mark
    assert machine.mark_of(cpu.replace(b"avx2", b"avx2 avx512f")) != mark
    assert machine.mark_of(cpu.replace(b": 17", b": 18")) != mark
    assert machine.mark_of(cpu.replace(b"flags", b"Features")) == "", "another architecture says other things"
    assert machine.mark_of(cpu.split(b"bogomips")[0]) == "", "cut short"


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
    path.write_bytes(
        {"cut": whole[:-1], "flipped": bytes(flipped), "emptied": b"", "another's magic": b"x" + whole[1:]}[damage]
    )
    done = compilations(monkeypatch)
    jit._functions.clear()
    assert relu() == [0, 7]
    assert done == ["activate"]
    jit._functions.clear()
    assert relu() == [0, 7]
    assert done == ["activate"], "what was compiled again is kept again"


def test_a_file_under_the_key_of_another_loop_is_not_used(folder, monkeypatch):
    """Whole as it is: it would be another picture, or a crash."""
    other = {**KINDS, "function": "abs"}
    assert relu() == [0, 7]
    (ours,) = folder.glob("activate-*")
    build.make(LOOP, other)
    (theirs,) = set(folder.glob("activate-*")) - {ours}
    shutil.copy(theirs, ours)
    assert store.read(ours.name) is None
    done = compilations(monkeypatch)
    jit._functions.clear()
    assert relu() == [0, 7]
    assert done == ["activate"]


def test_a_note_of_another_processor_is_not_believed(folder):
    store.write("machine-" + "0" * 32, b"+avx9", "another")
    shutil.copy(folder / ("machine-" + "0" * 32), folder / ("machine-" + "1" * 32))
    assert store.read("machine-" + "0" * 32) == (b"+avx9", "another")
    assert store.read("machine-" + "1" * 32) is None


def test_a_file_of_gibibytes_is_not_read(folder, monkeypatch):
    assert relu() == [0, 7]
    os.truncate(kept(folder), 3 << 30)
    read = []
    monkeypatch.setattr(os, "fdopen", lambda *arguments: read.append(arguments))
    assert store.read(kept(folder).name) is None
    assert not read


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


@pytest.mark.skipif(sys.platform == "win32", reason="there the profile has a place of its own")
@pytest.mark.parametrize("cache", ["", "below"])
@pytest.mark.parametrize("home", ["missing", "relative"])
def test_a_home_that_is_missing_is_not_made(home, cache, tmp_path, monkeypatch):
    """The cache then lies among temporary files, the user's alone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "temporary").mkdir(mode=0o1777)
    here = home if home == "relative" else str(tmp_path / home)
    below = f"{here}/.cache" if cache else ""
    assert run_probe(HOME=here, IMGCONV_CACHE_DIR="", XDG_CACHE_HOME=below, TMPDIR=str(tmp_path / "temporary")) is True
    assert [path.name for path in tmp_path.iterdir()] == ["temporary"]
    (folder,) = (tmp_path / "temporary").iterdir()
    assert (folder.name, folder.stat().st_mode & 0o777) == (f"imgconv-{os.getuid()}", 0o700)
    assert any(folder.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that even root cannot write")
def test_a_cache_that_cannot_be_made_means_compiling_in_memory(tmp_path):
    assert run_probe(HOME="/", IMGCONV_CACHE_DIR="", XDG_CACHE_HOME="/proc/nonexistent") is True


def test_later_folders_are_read_and_not_written(folder, monkeypatch, tmp_path):
    assert relu() == [0, 7]
    before = sorted(folder.iterdir())
    monkeypatch.setenv("IMGCONV_CACHE_DIR", os.pathsep.join([str(tmp_path / "own"), str(folder)]))
    done = compilations(monkeypatch)
    jit._functions.clear()
    assert relu() == [0, 7]
    assert done == []
    assert sorted(folder.iterdir()) == before


@pytest.fixture
def fresh_key(monkeypatch):
    """The key of this file's loop, its parts looked at anew each time."""

    def key(**changes):
        keys.environment.cache_clear()
        return keys.key(LOOP, KINDS | changes, machine.here())

    yield key
    monkeypatch.undo()
    keys.environment.cache_clear()


@pytest.mark.parametrize(
    ("part", "value"), [("architecture", lambda: "riscv128"), ("sys.platform", "plan9"), ("sys.maxsize", 2**31 - 1)]
)
def test_the_key_changes_with_system_and_architecture(fresh_key, monkeypatch, part, value):
    first, note = fresh_key(), machine.mark_of(b"flags: x\n\n")
    monkeypatch.setattr(f"imgconv.jit.keys.{part}", value)
    assert fresh_key() != first
    assert machine.mark_of(b"flags: x\n\n") != note


def test_the_key_changes_with_types_and_variables(fresh_key, monkeypatch):
    first = fresh_key()
    assert fresh_key() == first
    assert fresh_key(out="float32") != first
    monkeypatch.setenv("NUMBA_OPT", "1")
    assert fresh_key() != first


@pytest.mark.parametrize(
    "edited", ["loops/activate.py", "loops/new.py", "jit/compile.py", "jit/intrinsics.py", "jit/tiles.py"]
)
def test_the_key_changes_with_an_edited_loop(fresh_key, monkeypatch, tmp_path, edited):
    copy = tmp_path / "imgconv"
    shutil.copytree(keys.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    first = fresh_key()
    monkeypatch.setattr(keys, "PACKAGE", str(copy))
    assert fresh_key() == first, "where the package lies does not matter"
    with (copy / edited).open("a") as file:
        file.write("# edited\n")
    assert fresh_key() != first


@pytest.mark.parametrize("package", ["numba", "llvmlite"])
def test_the_key_changes_with_an_upgrade(fresh_key, monkeypatch, tmp_path, package):
    real, first = keys.find_spec, fresh_key()
    (tmp_path / "_version.py").write_text("version = '99'")
    monkeypatch.setattr(
        keys,
        "find_spec",
        lambda name: SimpleNamespace(origin=str(tmp_path / "__init__.py")) if name == package else real(name),
    )
    assert fresh_key() != first


def test_another_processor_on_a_shared_folder_has_its_own_file(folder, monkeypatch):
    assert relu() == [0, 7]
    first = kept(folder)
    monkeypatch.setattr(machine, "here", lambda: machine.Machine("another", "+sse2"))
    (other,) = {keys.key(LOOP, KINDS, found) for found in machine.readable()} - {
        keys.key(LOOP, KINDS, found) for found in machine.baselines()
    }
    assert other != first.name
    assert store.read(other) is None


@pytest.mark.skipif("x86-64" not in machine.levels(), reason="the baselines of x86-64")
def test_a_baseline_is_used_where_nothing_exact_is_kept_and_the_machine_can_run_it(folder, monkeypatch):
    done, real = compilations(monkeypatch), machine.here()
    machine.choose("x86-64")
    try:
        assert relu() == [0, 7]
        assert kept(folder).name == keys.key(LOOP, KINDS, machine.Machine("x86-64"))
    finally:
        machine._chosen.clear()
    jit._functions.clear()
    assert relu() == [0, 7]
    assert done == ["activate"], "the baseline's code serves"
    exact = keys.key(LOOP, KINDS, real)
    store.write(exact, *store.read(kept(folder).name))
    assert next(machine.readable()) == real, "the exact machine comes first"
    monkeypatch.setattr(machine, "here", lambda: machine.Machine("plain", "+sse2,-avx2"))
    assert [found.name for found in machine.readable()] == ["plain", "x86-64"]
    with pytest.raises(errors.UsageError, match="cannot run code for x86-64-v3"):
        machine.choose("x86-64-v3")
    with pytest.raises(errors.UsageError, match="did you mean x86-64-v3"):
        machine.choose("x86_64-v3")


def test_many_cold_processes_compile_once(folder):
    processes = [subprocess.Popen([sys.executable, "-c", PROBE], stdout=subprocess.PIPE, text=True) for _ in range(6)]
    imported = [process.communicate(timeout=120)[0].strip() for process in processes]
    assert imported.count("True") == 1
    assert all(process.returncode == 0 for process in processes)
    assert kept(folder)


HOLDER = """
import sys, time
from imgconv.jit import store, trial
with store.lock("held"):
    child = trial.Trial()  # must not inherit the lock
    print("held", flush=True)
    time.sleep(600)
"""


@contextlib.contextmanager
def holder(name="held"):
    """Another process that holds the lock of a key."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER.replace('"held")', f'"{name}")')], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


needs_locks = pytest.mark.skipif(sys.platform == "win32", reason="no locks are taken there")


@needs_locks
def test_a_killed_owners_lock_is_free_at_once(folder):
    with holder() as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (folder / "held.lock").exists()
        start = time.monotonic()
        with store.lock("held"):
            assert time.monotonic() - start < 5
    assert not any(folder.iterdir()), "whoever held a lock removes its file"


@needs_locks
def test_nobody_waits_forever(folder, monkeypatch):
    assert store._WAIT == 30
    monkeypatch.setattr(store, "_WAIT", 0.3)
    with holder(keys.key(LOOP, KINDS, machine.here())) as process:
        assert relu() == [0, 7]
        assert process.poll() is None, "its lock was held all the time"


@needs_locks
def test_of_many_waiters_one_at_a_time_holds_the_lock(folder):
    """Also when the file is removed under those who wait."""
    script = """
import os, sys
from imgconv.jit import store
for _ in range(20):
    with store.lock("one"):
        os.close(os.open(sys.argv[1], os.O_CREAT | os.O_EXCL))
        os.unlink(sys.argv[1])
"""
    processes = [subprocess.Popen([sys.executable, "-c", script, str(folder.parent / "inside")]) for _ in range(4)]
    assert [process.wait(120) for process in processes] == [0] * 4


def test_where_there_are_no_locks_everybody_compiles(folder, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    start = time.monotonic()
    with store.lock("any"):
        assert time.monotonic() - start < 5


WRITER = """
import tempfile  # what writing loads: kills are to hit the writing
from imgconv.jit import store
print("ready", flush=True)
while True:
    for letter in b"ab":
        store.write("loop-" + "0" * 32, bytes([letter]) * 300_000, "entry")
"""


def kill_in_the_middle_of_writes(folder, times):
    """A writer is killed at odd moments; what is read afterwards is whole, or not there."""
    name, found = "loop-" + "0" * 32, set()
    for turn in range(times):
        with subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep((turn % 37) / 1500)
            process.kill()
        content = store.read(name)
        found.add(content)
        assert content in (None, (b"a" * 300_000, "entry"), (b"b" * 300_000, "entry"))
    return found


def test_a_kill_in_the_middle_of_a_write_leaves_whole_files_or_none(folder):
    assert kill_in_the_middle_of_writes(folder, 20) - {None}


def test_debris_is_swept_after_a_day(folder):
    store.write("loop-" + "0" * 32, b"code", "entry")
    names = [".abc.part", "loop-1.lock", ".new.part", "new.lock"]
    for name in names:
        (folder / name).write_bytes(b"")
    for name in names[:2]:
        os.utime(folder / name, (time.time() - 90_000,) * 2)
    store.write("loop-" + "0" * 32, b"code", "entry")
    assert {path.name for path in folder.iterdir()} == {"loop-" + "0" * 32, ".new.part", "new.lock"}


@pytest.mark.skipif(sys.platform == "win32", reason="modes are another thing there")
def test_whoever_may_read_the_folder_may_read_its_files(folder):
    name = "loop-" + "0" * 32
    for mode, expected in ((0o700, 0o600), (0o755, 0o644), (0o750, 0o640)):
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
        store.write(name, b"code", "entry")
        assert stat.S_IMODE((folder / name).stat().st_mode) == expected
        assert store.read(name) == (b"code", "entry")


# ---------------------------------------------------------------- trials and origins


def stranger():
    def make(src):
        def body(source, result, first, last):
            for x in range(first, last):
                result[x] = math.lgamma(source[x])

        return body

    return Loop("stranger", make, ("source:src[last] result:=src[last]",))


def test_symbols_a_process_may_lack_are_refused_and_run_in_numbas_own_engine(folder):
    with pytest.raises(errors.LoopError, match=r"undefined symbols .*lgamma"):
        compiler.compile_loop(stranger(), {"src": "float64"})
    result = np.zeros(2)
    jit.bind(stranger(), {"src": "float64"}, {"source": np.array([3.0, 5.0]), "result": result, "last": 2})(0, 2)
    assert np.allclose(result, [math.log(2), math.log(24)])
    assert build.log[-1].origin == build.STOCK
    assert not any(folder.iterdir())


def object_doing(body, attributes=""):
    """An object whose entry has the given LLVM code."""
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(f"declare void @llvm.trap()\ndefine i32 @entry(){attributes} {{ {body} }}")
    return compiler.target_machine().emit_object(module), "entry"


SUM = """%a = getelementptr double, ptr %p, i64 %n
  %v = load double, ptr %a
  %w = call double @tanh(double %v)
  %x = fadd double %w, 0x400921FB54442D18
  store double %x, ptr %p
  call ptr @memcpy(ptr %q, ptr %p, i64 8)
  ret i32 0"""


def placed(find, code):
    """What the entry of `code` leaves in two cells, once `find` has linked it."""
    cells, copied = (ctypes.c_double * 2)(9.0, 0.5), (ctypes.c_double * 1)()
    ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t)(find(code))(cells, copied, 1)
    return cells[0], copied[0]


@pytest.mark.skipif(sys.platform != "linux" or os.uname().machine != "x86_64", reason="elsewhere LLVM links")
def test_simple_objects_are_placed_without_llvm_and_others_are_left_to_it():
    import llvmlite.binding as llvm

    text = (
        "declare double @tanh(double)\ndeclare ptr @memcpy(ptr, ptr, i64)\ndefine i32 @entry(ptr %p, ptr %q, i64 %n)"
        f" nounwind {{ {SUM} }}"
    )
    code = compiler.target_machine().emit_object(llvm.parse_assembly(text))
    expected = (math.tanh(0.5) + math.pi,) * 2
    kept_alive = []

    def by_elf(given):
        kept_alive.append(elf.mapped(given, "entry"))
        return kept_alive[-1].entry

    assert placed(by_elf, code) == placed(lambda given: link.by_llvm("t", given, "entry"), code) == expected
    small = (
        llvm.Target.from_default_triple()
        .create_target_machine(codemodel="small", reloc="pic")
        .emit_object(llvm.parse_assembly(text))
    )
    for strange in (
        small,
        b"",
        code[:100],
        b"\xcf\xfa\xed\xfe" + code[4:],
        code.replace(b"tanh\0", b"tanq\0"),
        code.replace(b"entry\0", b"other\0"),
    ):
        with pytest.raises(elf.NotSimple):
            elf.mapped(strange, "entry")
    assert placed(lambda given: link.address("t", given, "entry"), small) == expected


@pytest.mark.parametrize(
    ("body", "how"),
    [("call void @llvm.trap() unreachable", "exit code"), ("br label %again again: br label %again", "no answer")],
)
def test_an_object_that_crashes_or_hangs_does_so_in_a_child_and_is_not_kept(folder, monkeypatch, body, how):
    code = object_doing(body)
    monkeypatch.setattr(trial, "_PATIENCE", 3.0)
    monkeypatch.setattr(compiler, "compile_loop", lambda loop, kinds: code)
    with pytest.raises(errors.LoopError, match=f"did not survive its trial .{how}"):
        relu()
    assert not any(folder.iterdir())


def test_an_object_that_the_child_cannot_link_is_not_kept_and_the_stock_rung_serves(folder, monkeypatch):
    monkeypatch.setattr(compiler, "compile_loop", lambda loop, kinds: (b"no object code", "entry"))
    assert relu() == [0, 7]
    assert build.log[-1].origin == build.STOCK
    assert not any(folder.iterdir())


@pytest.mark.parametrize("where", ["frozen", "spawn"])
def test_where_there_is_no_child_nothing_is_kept(folder, monkeypatch, where):
    def refuse(*_, **__):
        raise OSError(11, "Resource temporarily unavailable")

    if where == "frozen":
        monkeypatch.setattr(sys, "frozen", True, raising=False)
    else:
        monkeypatch.setattr(subprocess, "Popen", refuse)
    assert relu() == [0, 7]
    assert build.log[-1].origin == build.COMPILED
    assert not any(folder.glob("activate-*"))


def test_a_kept_object_that_cannot_be_linked_is_compiled_again(folder, monkeypatch):
    store.write(keys.key(LOOP, KINDS, machine.here()), b"no object code", "entry")
    for origin in (build.COMPILED, build.STORED):
        assert relu() == [0, 7]
        assert build.log[-1].origin == origin
        jit._functions.clear()


@pytest.mark.skipif(not elf.expected(), reason="elsewhere LLVM links")
def test_of_a_spoilt_object_nothing_but_a_refusal_escapes(folder, monkeypatch):
    """Also where the checksum fits; LLVM, which would end the process, never sees it."""
    assert relu() == [0, 7]
    code, entry = store.read(kept(folder).name)
    monkeypatch.setattr(link, "by_llvm", None)
    rng, refused = random.Random(3), 0
    for _ in range(500):
        spoilt = bytearray(code)
        for _ in range(rng.choice((1, 1, 2, 8))):
            spoilt[rng.choice((rng.randrange(64), rng.randrange(len(code)), len(code) - 1 - rng.randrange(700)))] = (
                rng.choice((0, 127, 255, rng.randrange(256)))
            )
        try:
            build.link(LOOP, bytes(spoilt), entry, stored=True)
        except errors.ObjectError:
            refused += 1
    assert 50 < refused < 500


@pytest.mark.skipif(not elf.expected(), reason="elsewhere LLVM links")
@pytest.mark.parametrize("value", [2**63, 2**64 - 1, 10**6])
def test_an_entry_outside_of_its_code_is_refused(folder, value):
    import llvmlite.binding as llvm

    code, entry = (
        compiler.target_machine().emit_object(llvm.parse_assembly("define i32 @entry() nounwind { ret i32 0 }")),
        "entry",
    )
    sections = elf._sections(code)
    (table,) = [section for section in sections if section[1] == 2]
    for at in range(table[4], table[4] + table[5], 24):
        if elf._name(code, sections[table[6]], int.from_bytes(code[at : at + 4], "little")) == b"entry":
            with pytest.raises(elf.NotSimple, match="outside"):
                elf.mapped(code[: at + 8] + value.to_bytes(8, "little") + code[at + 16 :], entry)
            break
    else:
        pytest.fail("there is no entry")
    assert elf.mapped(code, entry).entry


@pytest.mark.skipif(not elf.expected(), reason="elsewhere LLVM links")
def test_an_object_that_calls_more_than_loops_do_is_not_placed():
    import llvmlite.binding as llvm

    text = "declare i32 @system(ptr)\ndefine i32 @entry(ptr %p) nounwind { %a = call i32 @system(ptr %p) ret i32 %a }"
    code = compiler.target_machine().emit_object(llvm.parse_assembly(text))
    with pytest.raises(elf.NotSimple, match="system is no function that loops call"):
        elf.mapped(code, "entry")


def test_an_object_that_cannot_be_linked_is_an_error_and_not_a_crash(folder):
    with pytest.raises(errors.LoopError, match="cannot be used"):
        build.link(LOOP, b"no object code", "entry")
    assert relu() == [0, 7], "and the next one links"


def both_ways(monkeypatch, text, type_, dtype):
    """The results of a pipeline on linked objects and on Numba's own engine."""
    pixels = np.random.default_rng(5).integers(0, 256, (17, 23, 3)).astype(type_)
    results = []
    for rung in ("objects", "stock"):
        monkeypatch.setenv("IMGCONV_JIT", rung)
        monkeypatch.setattr(jit, "_functions", {})
        monkeypatch.setattr(build, "log", [])
        results.append(imgconv.run(pixels, text, dtype=dtype))
        assert {made.origin == build.STOCK for made in build.log} in ({rung == "stock"}, set())
    return results


QUICK = {"filter vertical", "maxpool 2", "avgpool 3 stride=2 pad=1 ceil", "sigmoid"}
RUNGS = [
    text if text in QUICK else pytest.param(text, marks=pytest.mark.slow)
    for text in [text for texts in EXAMPLES.values() for text in texts] + PIPELINES
]


@pytest.mark.parametrize("text", RUNGS)
def test_both_ways_give_the_same_bytes(monkeypatch, text):
    linked, stock = both_ways(monkeypatch, text, "uint8", None)
    assert linked.tobytes() == stock.tobytes()


def test_an_unknown_rung_is_refused(folder, monkeypatch):
    monkeypatch.setenv("IMGCONV_JIT", "stok")
    with pytest.raises(errors.UsageError, match="did you mean stock"):
        relu()


def test_the_first_compilation_is_announced_once(folder, monkeypatch):
    said = []
    monkeypatch.setattr(build, "announce", lambda folder, what: said.append((folder, what)))
    monkeypatch.setattr(build, "_announced", [])
    assert relu() == [0, 7]
    jit._functions.clear()
    kept(folder).unlink()
    assert relu() == [0, 7]
    assert said == [(str(folder), "activate for int16 pixels")]
