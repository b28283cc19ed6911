"""`imgconv warm`, `imgconv doctor`, and what a cold run says."""

import json
import os
import re
import stat
import subprocess
import sys

import numpy as np
import pytest

from imgconv import jit
from imgconv.cli import doctor, warm, warm_tasks
from imgconv.jit import machine
from imgconv.operations.pipeline import Pipeline
from tests.command import COMMAND, environment, imgconv, noise, save

SMALL = """
import json, os, sys
from imgconv.cli import warm_tasks, warm_workers
warm_tasks.tasks = lambda every: [
    *(("request", "uint8", step, "same", "clamp") for step in ("relu", "filter vertical")), ("tiff",)
]
progresses, run_all = [], warm_workers.run_all
warm_workers.run_all = lambda *given: progresses.append(run_all(*given)) or progresses[0]
from imgconv.cli import main
os._exit = sys.exit
try:
    main(["warm", *sys.argv[1:]])
finally:
    print(json.dumps([*progresses[0].origins.values()] if progresses else []))
"""


def small_warm(*words, **env):
    """`imgconv warm` with a table of two steps: exit code, what it said, the origins."""
    done = subprocess.run(
        [sys.executable, "-c", SMALL, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment({k: str(v) for k, v in env.items()}),
        check=False,
    )
    return done.returncode, done.stderr, json.loads(done.stdout)


def loops_in(folder):
    return [path for path in folder.iterdir() if path.suffix != ".lock" and not path.name.startswith("machine-")]


@pytest.mark.slow
def test_every_request_of_the_table_runs_and_every_object_survives_its_trial(tmp_path):
    """In one process and the tests' own store: what is compiled here is compiled once."""
    probe = (
        "from imgconv.cli.warm_tasks import run_task, tasks\nfrom imgconv.jit import build\n"
        "for task in tasks(every=True): run_task(task)\n"
        "assert build.log and not [made for made in build.log if made.origin == build.STOCK], build.log"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr


def test_the_table_is_made_of_canonical_pipelines():
    texts = {text for _, text, _, _ in warm_tasks.requests(every=True)}
    likely = set(warm_tasks.requests(every=False))
    assert likely < set(warm_tasks.requests(every=True))
    assert set(warm_tasks.tasks(every=False)) < set(warm_tasks.tasks(every=True))
    assert all(Pipeline.parse(text) for text in texts)
    assert {step.word for text in texts for step in Pipeline.parse(text).steps} == {
        "filter",
        "edges",
        "bank",
        "pool",
        "activate",
    }


def test_warm_says_what_it_did_and_the_second_time_there_is_nothing_to_do(tmp_path):
    code, said, origins = small_warm(IMGCONV_CACHE_DIR=tmp_path / "loops")
    assert code == 0
    found = re.fullmatch(r"imgconv: (\d+) loops for \S+ in (.+): 0 there already, (\d+) compiled \(\d+\.\d s\)\n", said)
    assert found, said
    assert int(found[1]) == int(found[3]) == len(origins) == len(loops_in(tmp_path / "loops"))
    assert set(origins) == {"compiled"}
    code, said, again = small_warm(IMGCONV_CACHE_DIR=tmp_path / "loops")
    assert (code, set(again)) == (0, {"stored"})
    assert f"{len(origins)} there already, 0 compiled" in said


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="modes are another thing there")
def test_warm_into_a_folder_for_others(tmp_path):
    folder = tmp_path / "image" / "loops"
    code, said, _ = small_warm("--dir", folder, "-q")
    assert (code, said) == (0, "")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert {stat.S_IMODE(path.stat().st_mode) for path in loops_in(folder)} == {0o644}
    later = os.pathsep.join([str(tmp_path / "own"), str(folder)])
    assert set(small_warm(IMGCONV_CACHE_DIR=later)[2]) == {"stored"}


@pytest.mark.slow
def test_warm_for_a_baseline_serves_this_machine(tmp_path):
    from imgconv.jit import machine

    name = next(iter(machine.baselines())).name
    code, said, origins = small_warm("--cpu", name, IMGCONV_CACHE_DIR=tmp_path / "loops")
    assert code == 0, said
    assert f"loops for {name} in" in said
    assert set(origins) == {"compiled"}
    assert set(small_warm(IMGCONV_CACHE_DIR=tmp_path / "loops")[2]) == {"stored"}, (
        "the exact machine finds the baseline's"
    )


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--cpu", "x86-65"], 2, "unknown processor 'x86-65'"),
        (["--dir", "/proc/nonexistent/loops"], 1, "/proc/nonexistent/loops: loops cannot be stored there"),
        (["--dir", "file"], 1, "loops cannot be stored there"),
        (["--dri", "x"], 2, "--dir"),
    ],
)
def test_warm_refuses_by_a_sentence(tmp_path, words, code, sentence):
    (tmp_path / "file").write_text("")
    done = imgconv("warm", *words, cwd=tmp_path)
    assert done.code == code
    assert sentence in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("variable", [{"IMGCONV_NO_JIT": "1"}, {"IMGCONV_JIT": "stock"}])
def test_warm_where_nothing_would_be_kept(tmp_path, variable):
    done = imgconv("warm", cwd=tmp_path, env=variable)
    assert done.code == 2
    assert "nothing would be stored" in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="modes are another thing there")
def test_warm_into_a_folder_that_others_can_write(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    done = imgconv("warm", "--dir", "open", cwd=tmp_path)
    assert done.code == 1
    assert "not trusted: others can write to" in done.err


DEEP = {"IMGCONV_CACHE_DIR": "/tmp" + "/d" * 3000}


def test_folders_of_thousands_of_levels_are_refused_by_a_sentence(tmp_path):
    save(tmp_path / "in.npy", noise(5, 5))
    done = imgconv("warm", "--dir", "/d" * 3000, cwd=tmp_path)
    assert (done.code, done.err.count("\n"), len(done.err) < 300) == (1, 1, True)
    assert "more than 128 folders" in done.err
    assert imgconv("warm", cwd=tmp_path, env=DEEP).code == 1
    assert b"more than 128 folders" in imgconv("doctor", cwd=tmp_path, env=DEEP).out


@pytest.mark.skipif(sys.platform == "win32", reason="modes are another thing there")
def test_a_folder_for_others_is_made_with_its_parents(tmp_path):
    """Readable by all, but closed where everybody could write beside it."""
    warm._created_folder(str(tmp_path / "a" / "b"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a", tmp_path / "a" / "b")] == [0o755, 0o755]


def test_doctor_prints_what_there_is(tmp_path):
    done = imgconv("doctor", cwd=tmp_path, env={"IMGCONV_CACHE_DIR": os.pathsep.join([str(tmp_path / "new"), "/proc"])})
    assert (done.code, done.err) == (0, "")
    text = done.out.decode()
    for word in (
        "imgconv",
        "Python",
        "numpy",
        "numba",
        "llvmlite",
        "Pillow",
        "click",
        "isal",
        "threads",
        "PNG",
        "limits",
        str(tmp_path / "new"),
        "not there yet",
    ):
        assert word in text, word
    assert "IMGCONV_CACHE_DIR" in text
    assert not (tmp_path / "new").exists(), "looking changes nothing"
    assert all(line == line.rstrip() for line in text.splitlines())


def test_doctor_lists_the_extras(monkeypatch):
    monkeypatch.setattr(doctor, "EXTRAS", {"one": ("numpy",), "two": ("numpy", "no-such-package")})
    rows = dict(doctor._extras())
    assert rows["one"].startswith("numpy ")
    assert rows["two"].endswith(", no-such-package not installed (pip install 'imgconv[two]')")


def test_doctor_says_how_bytes_are_multiplied(monkeypatch):
    for bytes_, allowed, able, expected in (
        (True, ("words256",), ("words256",), "four products at once (AVX-512 VNNI)"),
        (False, ("pairs256", "words256"), ("pairs256", "words256"), "two products at once (AVX2)"),
        (False, ("sdot",), ("sdot",), "four products at once (Arm's SDOT)"),
        (False, (), ("words256",), "no folder takes"),
        (False, (), (), "more at once take AVX2, "),
    ):
        monkeypatch.setattr(jit, "multiplies_bytes", lambda bytes_=bytes_: bytes_)
        monkeypatch.setattr(jit, "instructions", lambda allowed=allowed: allowed)
        monkeypatch.setattr(machine, "instructions", lambda machine, able=able: able)
        (line,) = [line for line in doctor.text().splitlines() if line.startswith("  8-bit images")]
        assert expected in line


def test_doctor_counts_loops_and_sees_what_is_not_trusted(tmp_path, monkeypatch):
    folder = tmp_path / "loops"
    folder.mkdir(mode=0o700)
    (folder / f"png-filter-{'0' * 32}").write_bytes(b"x" * 2048)
    (folder / ".x.part").write_bytes(b"")
    monkeypatch.setenv("IMGCONV_CACHE_DIR", str(folder))
    assert "writable; 1 loop, 2 KiB" in doctor.text()
    if sys.platform != "win32":
        folder.chmod(0o777)
        assert "not trusted" in doctor.text()


def test_doctor_where_there_is_no_home(tmp_path):
    places = {"IMGCONV_CACHE_DIR": "", "XDG_CACHE_HOME": "", "HOME": "relative", "TMPDIR": str(tmp_path)}
    done = imgconv("doctor", cwd=tmp_path, env=places)
    assert done.code == 0
    assert f"{tmp_path}/imgconv-".encode() in done.out
    assert b"not there yet" in done.out
    assert b"names no folder" in imgconv("doctor", cwd=tmp_path, env={"IMGCONV_CACHE_DIR": os.pathsep}).out


@pytest.mark.parametrize("words", [["doctor", "--help"], ["warm", "--help"], ["warm", "--cpu"]], ids=" ".join)
def test_help_loads_nothing_heavy(words):
    heavy = {"numpy", "numba", "llvmlite", "PIL"}
    probe = (
        "import os, sys\n"
        f"os._exit = lambda code: print('heavy:', sorted({heavy!r} & set(sys.modules)), file=sys.stderr)\n"
        f"from imgconv.cli import main\nmain({words!r})"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=False)
    assert "heavy: []" in done.stderr, done.stderr


def said_on_a_terminal(*words, cwd, cache):
    """What the command says with a terminal as standard error."""
    master, slave = os.openpty()
    env = environment({"IMGCONV_CACHE_DIR": str(cache)})
    process = subprocess.Popen(
        [*COMMAND, *words], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave, env=env
    )
    os.close(slave)
    said = b""
    try:
        while part := os.read(master, 65536):
            said += part
    except OSError:  # how Linux says that nobody holds the other end
        pass
    finally:
        os.close(master)
    assert process.wait(120) == 0, said
    return said.decode()


def test_a_cold_run_says_on_a_terminal_that_it_compiles_once(tmp_path):
    save(tmp_path / "in.npy", noise(9, 9, dtype="int16"))
    words = ("run", "relu | abs", "in.npy", "-o", "out.npy", "--overwrite")
    cold, warmed = (said_on_a_terminal(*words, cwd=tmp_path, cache=tmp_path / "loops") for _ in range(2))
    assert cold.count("compiling") == 1
    assert (
        f"imgconv: compiling activate for int16 pixels and what else this run needs, once for this machine (stored in"
        f" {tmp_path / 'loops'}; 'imgconv warm' compiles what is usual ahead)"
    ) in cold
    assert "compiling" not in warmed
    assert np.array_equal(np.load(tmp_path / "out.npy"), noise(9, 9, dtype="int16"))
    quiet = said_on_a_terminal(*words, "-q", cwd=tmp_path, cache=tmp_path / "others")
    assert quiet == ""
    assert "compiling" not in imgconv(*words, cwd=tmp_path, env={"IMGCONV_CACHE_DIR": str(tmp_path / "third")}).err


def test_tasks_of_a_process_that_ends_are_done_here(monkeypatch):
    """Each task once, whoever runs it."""
    from imgconv.cli import warm_workers
    from imgconv.jit import build

    here, sent = [], []

    class Child:
        """Answers once and is gone."""

        def __init__(self):
            self.stdin, self.stdout = self, self

        def write(self, line):
            sent.append(tuple(json.loads(line)))
            if len(sent) > 1:
                raise BrokenPipeError

        def readline(self):
            return json.dumps([[f"loop of {sent[-1][0]}", build.COMPILED]])

        def flush(self):
            pass

        communicate = flush

    def run(task):
        here.append(task)
        warm_workers.threading.Event().wait(0.01)
        return [("first", build.COMPILED if len(here) == 1 else build.STORED)]

    monkeypatch.setattr(warm_workers, "_run", run)
    monkeypatch.setattr(warm_workers, "_processors", lambda: 2)
    monkeypatch.setattr(warm_workers.process, "started", lambda *_: None if sent else Child())
    tasks = [(str(number),) for number in range(40)]
    progress = warm_workers.run_all(tasks, None, lambda _: None)
    assert progress.done == len(tasks)
    assert sorted([*here, sent[0]]) == sorted(tasks)
    assert (progress.count(build.COMPILED), progress.count(build.STORED)) == (2, 0)
