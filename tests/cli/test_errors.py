"""How the command fails: a code, one sentence, and never a traceback; and how it is stopped."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.command import (
    PNG_END,
    PNG_MAGIC,
    encoded,
    environment,
    finished,
    imgconv,
    noise,
    on_terminal,
    pixels_of,
    png,
    raw_png,
    save,
    shell,
    started,
)

MOST_WORDS = 300
GRAY = noise(8, 8)


def assert_sentence(text: str) -> None:
    """One line that begins with the command's name and can be read at a glance."""
    assert re.fullmatch(r"imgconv: [^\n]+\n", text), text
    assert len(text) <= MOST_WORDS, f"{len(text)} characters: {text}"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with good and bad files."""
    save(tmp_path / "in.png", GRAY)
    save(tmp_path / "b.png", GRAY)
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.png").touch()
    (tmp_path / "garbage.png").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "truncated.png").write_bytes(png(noise(50, 50))[:900])
    (tmp_path / "header.png").write_bytes(png(noise(50, 50))[:45])  # size known, no pixel
    (tmp_path / "flipped.png").write_bytes(flipped(png(noise(50, 50))))
    (tmp_path / "bomb.png").write_bytes(raw_png(60000, 60000, 8, 0))
    (tmp_path / "cut.npy").write_bytes(encoded(GRAY, "npy")[:-5])
    (tmp_path / "headless.npy").write_bytes(b"\x93NUMPY\x01\x00\xff\xff{'descr'")
    (tmp_path / "liar.npy").write_bytes(encoded(GRAY, "npy").replace(b"(8, 8)", b"(9, 9)"))
    (tmp_path / "negative.npy").write_bytes(encoded(GRAY, "npy").replace(b"(8, 8), }", b"(-8, 8),}"))
    (tmp_path / "kernel.txt").write_text("# three rows\n1 2 1\n\n2 x 2\n1 2 1\n")
    (tmp_path / "ragged.txt").write_text("1 2 1\n2 4\n")
    (tmp_path / "nothing.txt").write_text("# only words\n")
    (tmp_path / "bad.pipe").write_text("filter vertical\n\n# now the mistake\nmaxpol 2\n")
    (tmp_path / "none.pipe").write_text("# nothing\n")
    return tmp_path


def flipped(content: bytes) -> bytes:
    """One bit in the middle turned."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 64]) + content[middle + 1 :]


# ---------------------------------------------------------------- misuse: words, code, what the sentence holds

FILTER = ("filter", "vertical", "in.png")
POOL = ("pool", "in.png")
MISUSES: list[tuple[int, tuple[str, ...], tuple[str, ...]]] = [
    # a name that is almost one
    (2, ("fliter", "vertical", "in.png"), ("fliter", "did you mean filter")),
    (2, ("filter", "vertcal", "in.png"), ("vertcal", "did you mean vertical")),
    (2, (*FILTER, "--boder", "edge"), ("--boder", "Did you mean", "--border")),
    (2, (*FILTER, "--border", "relfect"), ("relfect", "did you mean reflect")),
    (2, (*POOL, "--kind", "mix"), ("mix", "did you mean", "m")),
    (2, (*FILTER, "--range", "clmap"), ("clmap", "did you mean clamp")),
    (2, (*FILTER, "--dtype", "unit8"), ("unit8", "did you mean uint8")),
    (2, (*FILTER, "--format", "pgn"), ("pgn", "did you mean png")),
    (2, ("activate", "rleu", "in.png"), ("rleu", "did you mean relu")),
    (2, ("kernels", "show", "sobelx"), ("sobelx", "did you mean sobel-x")),
    (2, ("kernels", "gaussian:2"), ("gaussian:2", "is a kernel", "imgconv kernels show gaussian:2")),
    (2, ("kernels", "shw", "sobel-x"), ("shw",)),
    (2, ("run", "filtr vertical", "in.png"), ("step 1", "filtr", "did you mean filter")),
    (2, ("run", "filter vertical | maxpol 2", "in.png"), ("step 2", "maxpol", "did you mean maxpool")),
    (2, ("run", "filter vertical boder=wrap", "in.png"), ("step 1", "boder", "did you mean border")),
    (2, ("run", "bad.pipe", "in.png"), ("maxpol", "did you mean maxpool")),
    # options
    (2, (*FILTER, "--foo"), ("--foo",)),
    (2, (*FILTER, "-x"), ("-x",)),
    (2, (*FILTER, "--stride"), ("--stride",)),
    (2, (*FILTER, "--gray=1"), ("--gray",)),
    (2, (*FILTER, "--stride", "0"), ("stride", "0")),
    (2, (*FILTER, "--stride", "1.5"), ("stride", "1.5")),
    (2, (*FILTER, "--dilation", "2x"), ("dilation", "2x")),
    (2, (*FILTER, "--pad", "-1"), ("pad", "-1")),
    (2, (*FILTER, "--pad", "1,2,3"), ("pad", "1,2,3", "top,bottom,left,right")),
    (2, (*FILTER, "--anchor", "3,0"), ("anchor 3,0", "3x3")),
    (2, (*FILTER, "--anchor", "1"), ("anchor",)),
    (2, ("filter", "1e308 1e308", "--divisor", "auto"), ("sum", "beyond", "scale")),
    (2, (*FILTER, "--divisor", "0"), ("divisor", "'0'")),
    (2, (*FILTER, "--divisor", "nan"), ("divisor", "nan")),
    (2, (*FILTER, "--divisor", "inf"), ("divisor", "inf")),
    (2, (*FILTER, "--bias", "much"), ("bias", "much")),
    (2, (*FILTER, "--bias", "nan"), ("bias", "nan")),
    (2, (*FILTER, "--bias", "inf"), ("bias", "inf")),
    (2, (*FILTER, "--max-pixels", "none"), ("max-pixels", "none", "500M")),
    (2, (*FILTER, "--max-memory", "2X"), ("max-memory", "2X", "2GiB")),
    (2, (*FILTER, "--max-frames", "0"), ("max-frames", "0")),
    (2, (*FILTER, "--threads", "0"), ("threads",)),
    (2, (*FILTER, "--border", "mirror"), ("reflect", "reflect101", "cba|abcd|dcb", "dcb|abcd|cba")),
    (2, (*FILTER, "--border", "constant"), ("constant:V",)),
    (2, (*FILTER, "--border", "constant:nan"), ("nan",)),
    (2, (*POOL, "--size", "0"), ("size", "0")),
    (2, (*POOL, "--size", "2x2x2"), ("size", "2x2x2")),
    # kernels
    (2, ("filter",), ("which kernel?",)),
    (2, ("filter", "in.png"), ("which kernel?", "in.png")),
    (2, ("filter", "missing.png"), ("which kernel?", "missing.png")),
    (2, ("filter", "missing.txt", "in.png"), ("which kernel?", "missing.txt", "no such file")),
    (2, ("filter", "./folder", "in.png"), ("folder",)),
    (2, ("filter", "", "in.png"), ("kernel",)),
    (2, ("filter", "1 2 1;2 x 2", "in.png"), ("line 1, column 9", "'x'")),
    (2, ("filter", "1 2 1;2 4", "in.png"), ("row 2", "3")),
    (2, ("filter", "1 nan 1", "in.png"), ("column 3", "nan")),
    (2, ("filter", "kernel.txt", "in.png"), ("kernel.txt", "line 4, column 3", "'x'")),
    (2, ("filter", "ragged.txt", "in.png"), ("ragged.txt", "line 2")),
    (2, ("filter", "nothing.txt", "in.png"), ("nothing.txt", "no numbers")),
    (2, ("filter", "gaussian", "in.png"), ("gaussian:SIGMA",)),
    (2, ("filter", "gaussian:0", "in.png"), ("sigma", "'0'")),
    (2, ("filter", "box:1.5", "in.png"), ("box", "1.5")),
    (2, ("filter", "vertical:3", "in.png"), ("vertical",)),
    (2, ("filter", "box:99999", "in.png"), ("99999",)),
    # pipelines
    (2, ("run",), ("which pipeline?",)),
    (2, ("run", "", "in.png"), ("no steps",)),
    (2, ("run", "none.pipe", "in.png"), ("no steps",)),
    (2, ("run", "filter vertical | ", "in.png"), ("step 2", "empty")),
    (2, ("run", "filter 'vertical", "in.png"), ("quotation",)),
    (2, ("run", "missing.pipe", "in.png"), ("missing.pipe", "no such file")),
    (2, ("run", "relu | pool dtype=float32", "in.png"), ("step 2", "dtype", "whole run")),
    (2, ("run", "-"), ("standard input", "image")),
    # places
    (2, (*FILTER, "-o", "nosuffix"), ("nosuffix", "--format")),
    (2, (*FILTER, "-o", "out.xyz"), ("xyz",)),
    (2, (*FILTER, "b.png"), ("-o out/",)),
    # files that are not what they should be
    (1, ("filter", "vertical", "missing.png"), ("missing.png", "no such file")),
    (1, ("filter", "vertical", "folder"), ("folder", "no image in this folder")),
    (1, ("filter", "vertical", "in.png/x.png"), ("in.png/x.png",)),
    (1, ("filter", "vertical", "empty.png"), ("empty.png", "empty")),
    (1, ("filter", "vertical", "garbage.png"), ("garbage.png", "not an image")),
    (1, ("filter", "vertical", "kernel.txt"), ("kernel.txt", "not an image")),
    (1, ("filter", "vertical", "truncated.png"), ("truncated.png", "cut short")),
    (1, ("filter", "vertical", "flipped.png"), ("flipped.png", "broken")),
    (1, ("filter", "vertical", "bomb.png"), ("bomb.png",)),
    (1, ("filter", "vertical", "cut.npy"), ("cut.npy", "cut short")),
    (1, ("filter", "vertical", "headless.npy"), ("headless.npy",)),
    (1, ("filter", "vertical", "liar.npy"), ("liar.npy",)),
    (1, ("filter", "vertical", "negative.npy"), ("negative.npy",)),
    (1, ("filter", "vertical", "-"), ("standard input", "empty")),
    # windows that do not fit: said before pixels are read, window and image named
    (1, ("pool", "--size", "9", "in.png"), ("9x9", "8x8", "in.png")),
    (1, ("pool", "--size", "60x3", "header.png"), ("60 rows x 3 columns", "50x50", "header.png")),
    (1, ("filter", "vertical", "--pad", "valid", "--dilation", "4", "in.png"), ("9x9", "8x8")),
    (1, ("run", "maxpool 4 | maxpool 4", "in.png"), ("4x4", "2x2")),
    (1, ("pool", "--size", "2", "--pad", "2", "in.png"), ("2x2", "8x8")),
    # places that cannot be written
    (1, (*FILTER, "-o", "b.png/out.png"), ("b.png",)),
    (1, (*FILTER, "-o", "b.png/out/"), ("b.png",)),
    (1, (*FILTER, "-o", "/proc/out.png"), ("/proc/out.png",)),
    (1, (*FILTER, "-o", "/proc/new/"), ("/proc/new",)),
    (1, (*FILTER, "-o", "/dev/full"), ("/dev/full",)),
    (1, (*FILTER, "-o", "n" * 254 + ".png"), ("cannot be written",)),
]


@pytest.mark.parametrize(
    ("code", "words", "parts"), [pytest.param(*case, id=" ".join(case[1])[:60] or "nothing") for case in MISUSES]
)
def test_misuse(here: Path, code: int, words: tuple[str, ...], parts: tuple[str, ...]) -> None:
    before = sorted(here.rglob("*"))
    done = imgconv(*words, cwd=here)
    assert (done.code, done.out) == (code, b""), done.err
    assert [part for part in parts if part not in done.err] == [], done.err
    if len(words[-1]) < 200:  # a long name may make a long line
        assert_sentence(done.err)
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize(
    "words",
    [
        ("filter", "v" * 5000, "in.png"),
        ("run", "filter vertical | " * 400 + "relo", "in.png"),
        ("run", "filter '" + "1 " * 3000, "in.png"),
        ("filter", "1 2;" + "9" * 900, "in.png"),
        ("run", "maxpool " + "1" * 2000, "in.png"),
        ("filter", "vertical", "in.png", "--border", "b" * 2000),
        ("filter", "vertical", "in.png", "--format", "f" * 2000),
        ("filter", "vertical", "in.png", "--" + "o" * 2000),
        ("c" * 2000,),
    ],
    ids=lambda words: " ".join(words)[:30],
)
def test_long_words_do_not_make_long_sentences(here: Path, words: tuple[str, ...]) -> None:
    done = imgconv(*words, cwd=here)
    assert done.code == 2
    assert_sentence(done.err)


def test_a_name_of_two_lines_makes_one_line(here: Path) -> None:
    done = imgconv("filter", "vertical", "no\nsuch.png", cwd=here)
    assert done.code == 1
    assert_sentence(done.err)


@pytest.mark.parametrize(
    "words",
    [
        ("filter", "1e999 1"),
        ("filter", "1e-999 1"),
        ("filter", "vertical", "--bias", "1e999"),
        ("filter", "vertical", "--divisor", "1e999"),
        ("filter", "vertical", "--divisor", "1e-999"),
        ("filter", "vertical", "--border", "constant:1e999"),
        ("filter", "99999999999999999999999 1"),
        ("filter", "1/99999999999999999999999 1"),
        ("filter", "gaussian:1e999"),
        ("filter", "gaussian:1e-999"),
        ("filter", "vertical", "--pad", "2147483647"),
        ("filter", "vertical", "--stride", "2147483647"),
        ("filter", "vertical", "--dilation", "2147483647"),
        ("filter", "vertical", "--threads", "2147483647"),
        ("pool", "--size", "2147483647", "--ceil"),
        ("pool", "--size", "2147483647", "--stride", "1", "--pad", "same"),
        ("kernels", "show", "1e999 -1e999"),
        ("kernels", "show", "1e-999"),
        ("kernels", "show", "gaussian:1e-999"),
    ],
    ids=" ".join,
)
def test_extreme_numbers_are_computed_or_refused(here: Path, words: tuple[str, ...]) -> None:
    """Either is allowed; a bug is not, nor the memory of the whole machine."""
    call = shlex.join(["imgconv", *words, *(() if words[0] == "kernels" else ("in.png",))])
    done = shell(f"ulimit -v 8000000; {call}", here, timeout=30)
    assert done.code in (0, 1, 2), done.err
    if done.code:
        assert done.out == b""
        assert_sentence(done.err)
    elif words[0] != "kernels":
        assert pixels_of(done.out).dtype == np.uint8


def test_one_bad_file_among_good_ones(here: Path) -> None:
    done = imgconv("filter", "vertical", "in.png", "missing.png", "b.png", "-o", "out/", "-q", cwd=here)
    assert done.code == 1
    assert_sentence(done.err)
    assert sorted(path.name for path in (here / "out").iterdir()) == ["b.png", "in.png"]


def test_no_input_on_a_terminal(here: Path) -> None:
    for words in (("filter", "vertical"), ("pool",), ("run", "relu"), ("filter", "vertical", "-o", "out.png")):
        done = on_terminal(*words, cwd=here, out=False, into=True)
        assert (done.code, done.out, done.screen) == (2, b"", b"")
        assert_sentence(done.err)
        assert "input" in done.err


def test_output_without_ascii(here: Path) -> None:
    """A stream that holds only ASCII is no reason to fail."""
    for words in (("kernels", "show", "vertical"), ("kernels",), ("--help",), ("filter", "--help"), FILTER):
        done = imgconv(*words, cwd=here, env={"PYTHONIOENCODING": "ascii"})
        assert done.code == 0, done.err


# ---------------------------------------------------------------- our own bugs


BUG = """
import imgconv.cli
import imgconv.operations.pipeline

def parse(text):
    raise RuntimeError("gone\\nwrong")

imgconv.operations.pipeline.Pipeline.parse = parse
imgconv.cli.main(["run", "relu", "in.png"])
"""


def with_a_bug(folder: Path, debug: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-c", BUG]
    return subprocess.run(
        call,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment({"IMGCONV_DEBUG": debug}),
        check=False,
    )


def test_a_bug_of_ours_is_one_sentence(here: Path) -> None:
    done = with_a_bug(here, "")
    assert (done.returncode, done.stdout) == (70, "")
    assert_sentence(done.stderr)
    assert "IMGCONV_DEBUG=1" in done.stderr
    assert "gone" in done.stderr


def test_a_bug_of_ours_with_its_traceback(here: Path) -> None:
    done = with_a_bug(here, "1")
    assert "Traceback" in done.stderr
    assert "RuntimeError: gone" in done.stderr
    assert done.returncode == 70


# ---------------------------------------------------------------- streams that close, disks that fill


@pytest.mark.parametrize(
    "words", [FILTER, ("kernels",), ("--help",), ("kernels", "show", "vertical"), ("filter", "--version")], ids=" ".join
)
def test_a_reader_that_leaves_early(here: Path, words: tuple[str, ...]) -> None:
    """141 and silence, as of a command that SIGPIPE ended; for images, lists and help alike."""
    read, write = os.pipe()
    os.close(read)
    process = started(*words, cwd=here, stdout=write)
    os.close(write)
    done = finished(process)
    assert (done.code, done.err) == (141, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_in_the_middle(here: Path, unbuffered: str) -> None:
    """Also where Python does not buffer, and one write may take only a part."""
    save(here / "large.npy", noise(600, 700))
    process = started("activate", "identity", "large.npy", cwd=here, env={"PYTHONUNBUFFERED": unbuffered})
    assert process.stdout is not None
    assert os.read(process.stdout.fileno(), 8) == PNG_MAGIC
    process.stdout.close()
    process.stdout = None
    done = finished(process)
    assert (done.code, done.err) == (141, "")


def test_the_middle_of_a_shell_pipe_may_close(here: Path) -> None:
    done = shell(
        "(imgconv filter vertical in.png; echo $? > code) | true; while [ ! -s code ]; do sleep 0.1; done", here
    )
    assert (here / "code").read_text().strip() == "141"
    assert done.err == ""


@pytest.mark.parametrize("words", ["filter vertical in.png", "kernels", "kernels show vertical", "--help"])
def test_a_full_disk_behind_stdout(here: Path, words: str) -> None:
    done = shell(f"imgconv {words} > /dev/full", here)
    assert done.code == 1, done.err
    assert_sentence(done.err)


# ---------------------------------------------------------------- signals


@pytest.fixture
def many(tmp_path: Path) -> list[str]:
    """Names of more images than are done in a second."""
    save(tmp_path / "one.png", noise(40, 40))
    (tmp_path / "in").mkdir()
    found = [f"in/{i:05}.png" for i in range(20000)]
    for name in found:
        os.link(tmp_path / "one.png", tmp_path / name)
    return found


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_the_middle_of_work(tmp_path: Path, many: list[str], number: signal.Signals, code: int) -> None:
    process = started("filter", "gaussian:1", *many, "-q", "-o", "out/", cwd=tmp_path)
    out = tmp_path / "out"
    ends = time.monotonic() + 60
    while time.monotonic() < ends and process.poll() is None and not (out.is_dir() and len(os.listdir(out)) > 20):
        time.sleep(0.002)
    process.send_signal(number)
    done = finished(process, timeout=20)
    assert (done.code, done.out) == (code, b"")
    assert done.err == "" or code == 130
    assert done.err.count("\n") <= 1
    made = sorted(out.iterdir())
    assert 20 <= len(made) < len(many)
    assert [path.name for path in made if path.suffix != ".png" or path.name.startswith(".")] == []  # no debris
    assert all(path.read_bytes().endswith(PNG_END) for path in made)  # whole files only


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_waiting_for_input(tmp_path: Path, number: signal.Signals, code: int) -> None:
    process = started("filter", "vertical", "-o", "out.png", cwd=tmp_path, stdin=subprocess.PIPE)
    held, process.stdin = process.stdin, None  # else communicate() would close it, and the wait were over
    assert held is not None
    held.write(PNG_MAGIC)
    held.flush()
    time.sleep(1)
    process.send_signal(number)
    done = finished(process, timeout=20)
    held.close()
    assert (done.code, done.out) == (code, b"")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("threads", [(), ("--threads", "1")], ids=["all threads", "one thread"])
def test_a_signal_in_the_middle_of_a_large_computation(tmp_path: Path, threads: tuple[str, ...]) -> None:
    """Ctrl-C is not kept waiting for the picture."""
    save(tmp_path / "in.npy", noise(5000, 5000).astype("float64"))
    rows = np.random.default_rng(0).normal(size=(151, 151))
    (tmp_path / "kernel.txt").write_text("\n".join(" ".join(f"{cell:.9e}" for cell in row) for row in rows))
    slow = {"IMGCONV_ALGORITHM": "direct"}  # the planner would be done too soon
    process = started("filter", "kernel.txt", "in.npy", "-o", "out.npy", *threads, cwd=tmp_path, env=slow)
    time.sleep(2)
    assert process.poll() is None, "the job is too short for this test"
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    done = finished(process, timeout=120)
    assert done.code == 130
    assert time.monotonic() - begun < 8  # the whole picture takes far longer
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.npy", "kernel.txt"]
