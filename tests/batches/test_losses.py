"""What was lost is said, in words and in reports, and --strict forbids it."""

from __future__ import annotations

import ast
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import imgconv
from imgconv.batches.outcomes import Outcome
from imgconv.batches.run_report import FIELDS, line
from imgconv.operations.pipeline import Pipeline
from imgconv.operations.pool import Pool
from imgconv.values.image import Frame
from imgconv.values.losses import LOSSES, REMARKS
from tests.command import PNG_MAGIC, VERTICAL, called, correlated, noise, png, save, shell
from tests.command import imgconv as command
from tests.strategies import law, plain_python

SOURCES = sorted(Path(imgconv.__file__).parent.rglob("*.py"))
GRAY = noise(6, 8)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    save(tmp_path / "in.png", GRAY)
    save(tmp_path / "flat.png", np.full((4, 4), 7, "uint8"))
    return tmp_path


def name_called(call: ast.Call) -> str:
    """The name of what is called."""
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def notes_made() -> list[tuple[str, str, bool]]:
    """(file, code, whether a loss) of every Note that the sources make, by itself or as `source.note(...)`."""
    found = []
    for path in SOURCES:
        if path.name == "source.py":  # which makes the notes of `source.note`
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and name_called(node) in ("Note", "note"):
                code = node.args[0]
                given = [*node.args[2:], *(word.value for word in node.keywords if word.arg == "loss")]
                codes = [
                    part.value
                    for part in ast.walk(code)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
                assert codes, f"{path}:{node.lineno}: a code is a word, written there"
                found += [(f"{path.name}:{node.lineno}", one, given == [] or bool(given[0].value)) for one in codes]
    return found


def test_every_code_is_in_the_table() -> None:
    made = notes_made()
    assert {"clamped", "ragged"} <= {code for _, code, _ in made}
    assert [one for one in made if one[1] not in (LOSSES if one[2] else REMARKS)] == []
    assert not set(LOSSES) & set(REMARKS)
    assert all(code == code.lower() and " " not in code for code in [*LOSSES, *REMARKS])


# ---------------------------------------------------------------- rows that no window sees


sides = st.integers(1, 4)


@law(120)
@given(
    st.integers(1, 13),
    st.integers(1, 13),
    st.tuples(sides, sides),
    st.tuples(sides, sides),
    st.booleans(),
    st.sampled_from(("valid", "same", 1)),
)
def test_unseen_rows_and_columns_make_no_difference_and_others_do(height, width, size, stride, ceil, pad) -> None:
    """What is called unseen can be cut off; where windows leave no gaps, the last row and column that is left
    cannot."""
    step = Pool("max", size=size, stride=stride, ceil=ceil, pad=pad)
    try:
        rows, columns = step.unseen(height, width)
    except imgconv.errors.WindowError:
        return
    pixels = np.zeros((height, width), "uint8")
    with plain_python():
        whole = imgconv.run(pixels, step)
        if stride[0] <= size[0] and stride[1] <= size[1]:
            marked = pixels.copy()
            marked[height - rows - 1, width - columns - 1] = 9
            assert imgconv.run(marked, step).any()
        marked = pixels.copy()
        marked[height - rows :], marked[:, width - columns :] = 9, 9
        assert np.array_equal(imgconv.run(marked, step), whole)


def test_unseen_rows_are_said_with_numbers(here: Path) -> None:
    done = command("pool", "--size", "4", "in.png", "-o", "out.png", cwd=here)
    assert "last 2 rows of 8x6 seen by no window of maxpool-4x4 (--ceil or --pad same keeps all)" in done.err
    again = command("pool", "--size", "4", "in.png", "--ceil", "--strict", "-o", "out.png", cwd=here)
    assert again.code == 0, again.err
    done = command(
        "run", "filter vertical stride=5 pad=valid | relu", "in.png", "-o", "out.png", "--range", "abs", cwd=here
    )
    assert "last 1 row of 8x6" in done.err  # of three rows below the only window, two are stepped over by every stride
    assert [note.code for note in Pipeline.parse("maxpool 2 | maxpool 2").dropped(7, 4)] == ["ragged", "ragged"]
    assert Pipeline.parse("maxpool 2 | maxpool 2").dropped(8, 4) == ()


# ---------------------------------------------------------------- --strict


def test_strict_writes_nothing_that_lost_something(here: Path) -> None:
    (here / "out").mkdir()
    (here / "out" / "in.png").write_bytes(b"old")
    done = command("filter", "vertical", "in.png", "flat.png", "--strict", "--overwrite", "-o", "out/", cwd=here)
    assert done.code == 3
    assert (here / "out" / "in.png").read_bytes() == b"old"
    assert (here / "out" / "flat.png").read_bytes().startswith(PNG_MAGIC)  # the others go on
    first, second, advice, sums = done.err.splitlines()
    assert first.startswith("imgconv: in.png: ")
    assert "--strict" in first
    assert "below 0" in first
    assert second.startswith("imgconv: flat.png -> ")
    assert "--range stretch" in advice
    assert sums == "imgconv: 1 written, 1 failed"


def test_strict_leaves_standard_output_empty(here: Path) -> None:
    done = command("filter", "vertical", "in.png", "--strict", "-q", cwd=here)
    assert (done.code, done.out) == (3, b"")
    assert done.err.count("\n") == 1
    for words in (("--dtype", "int16", "--format", "npy"), ("--range", "stretch")):
        kept = command("filter", "vertical", "in.png", "--strict", *words, cwd=here)
        assert kept.code == 0, kept.err
        assert kept.out


def test_strict_minds_nan(here: Path) -> None:
    save(here / "holes.npy", np.array([[1.0, math.nan]], "float32"))
    words = ("activate", "identity", "holes.npy", "--strict", "-o", "out.npy")
    assert command(*words, cwd=here).code == 0
    done = command(*words, "--dtype", "uint8", cwd=here)
    assert done.code == 3
    assert "not a number" in done.err


# ---------------------------------------------------------------- --report


def records(content: bytes) -> list[dict]:
    def refused(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return [json.loads(text, parse_constant=refused) for text in content.decode("ascii").splitlines()]


def test_a_report_of_good_and_bad_images(here: Path) -> None:
    (here / "r.jsonl").write_text("what stood there\n" * 100)
    save(here / "rgba.png", noise(6, 4, 4))
    words = (
        "pool",
        "--size",
        "5x4",
        "in.png",
        "missing.png",
        "rgba.png",
        "flat.png",
        "--report",
        "r.jsonl",
        "-o",
        "out/",
        "-q",
    )
    done = command(*words, cwd=here)
    assert done.code == 1
    found = records((here / "r.jsonl").read_bytes())
    assert [list(one) for one in found] == [list(FIELDS)] * 4
    one, missing, alpha, flat = found
    assert (one["input"], one["output"], one["error"], one["exit_code"]) == (
        "in.png",
        os.path.join("out", "in.png"),
        None,
        0,
    )
    assert (one["shape_in"], one["shape_out"], one["mode_in"], one["dtype_out"]) == (
        [6, 8, 1],
        [1, 2, 1],
        "gray",
        "uint8",
    )
    assert (one["losses"], one["response_min"], one["samples"]) == (["ragged"], None, 2)
    assert 0 < one["seconds"] < 60
    assert alpha["shape_in"] == [6, 4, 4]
    assert alpha["mode_in"] == "RGB + alpha"
    assert missing["error"] in done.err
    assert (missing["output"], missing["exit_code"], missing["shape_in"], missing["losses"]) == (None, 1, None, [])
    assert flat["shape_in"] == [4, 4, 1]  # known before the window did not fit
    assert "does not fit" in flat["error"]


def test_a_report_names_every_file_of_numbered_frames(here: Path) -> None:
    pages = [Image.fromarray(noise(6, 8, seed=i)) for i in range(3)]
    pages[0].save(here / "in.gif", save_all=True, append_images=pages[1:])
    done = command("filter", "identity", "in.gif", "--format", "bmp", "-o", "out/", "--report", "-", "-q", cwd=here)
    assert done.code == 0, done.err
    (one,) = records(done.out)
    assert (one["frames_in"], one["frames_out"], one["samples"]) == (3, 3, 3 * 48)
    assert one["outputs"] == sorted(str(path.relative_to(here)) for path in (here / "out").iterdir())
    assert one["output"] == one["outputs"][0]


def test_a_report_counts_what_was_clamped(here: Path) -> None:
    wide = correlated(GRAY, VERTICAL)
    done = command("filter", "vertical", "in.png", "--report", "-", "-o", "out.png", cwd=here)
    assert done.code == 0, done.err
    (one,) = records(done.out)
    assert (one["clamped_below"], one["clamped_above"], one["not_a_number"]) == (
        (wide < 0).sum(),
        (wide > 255).sum(),
        0,
    )
    assert (one["response_min"], one["response_max"], one["samples"]) == (wide.min(), wide.max(), wide.size)
    assert one["losses"] == ["clamped"]
    plan = command("filter", "vertical", "in.png", "--plan", cwd=here)
    assert one["plan"] == plan.out.decode().splitlines()
    strict = command("filter", "vertical", "in.png", "--report", "-", "-o", "out.png", "--strict", cwd=here)
    (one,) = records(strict.out)
    assert (one["exit_code"], one["output"], one["losses"]) == (3, None, ["clamped"])


def test_numbers_that_json_has_not() -> None:
    found = records(
        line(
            Outcome(
                "x",
                facts={
                    "response_min": -math.inf,
                    "response_max": math.nan,
                    "seconds": math.inf,
                    "input": "caf\udce9.png",
                },
            )
        )
    )[0]
    assert (found["response_min"], found["response_max"], found["seconds"]) == ("-Infinity", "NaN", "Infinity")
    assert found["input"] == "caf\udce9.png"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--report -", 2),
        ("--report - -o -", 2),
        ("--report /dev/stdout > out.png", 2),
        ("--report in.png -o out.png", 2),
        ("--report ./out.png -o out.png", 2),
        ("--report hard.png -o out.png", 2),
        ("--report r.jsonl -o out.png --plan", 2),
        ("--report none/r.jsonl -o out.png", 1),
        ("--report . -o out.png", 1),
        ("--report /dev/full -o out.png", 1),
    ],
)
def test_a_report_that_has_no_place(here: Path, words: str, code: int) -> None:
    before = (here / "in.png").read_bytes()
    (here / "hard.png").hardlink_to(here / "in.png")
    done = shell(f"imgconv filter vertical in.png {words}", here)
    assert (done.code, done.out) == (code, b""), done.err
    complaint = done.err.splitlines()[-1]
    assert complaint.startswith("imgconv: ")
    assert "report" in complaint or "cannot be written" in complaint
    assert (here / "in.png").read_bytes() == before


def test_a_report_into_a_full_disk_is_one_sentence(here: Path) -> None:
    """Development mode shows on every Python what 3.13 shows always: an error of a stream that is collected."""
    done = command(
        "filter",
        "vertical",
        "in.png",
        "-q",
        "-o",
        "out.png",
        "--report",
        "/dev/full",
        cwd=here,
        env={"PYTHONDEVMODE": "1"},
    )
    assert (done.code, done.err) == (1, "imgconv: /dev/full: cannot be written (No space left on device)\n")


def test_a_report_into_a_pipe_that_closes(here: Path) -> None:
    done = shell(
        "(imgconv filter vertical in.png flat.png -q -o out/ --report -; echo $? > code) | true; while [ ! -s code ];"
        " do sleep 0.1; done",
        here,
    )
    assert (here / "code").read_text().strip() in ("141", "0")
    assert done.err == ""


def test_json_is_imported_only_for_reports(here: Path) -> None:
    probe = (
        "import os, sys\nos._exit = lambda code: print('json' in sys.modules)\nfrom imgconv.cli import"
        " main\nmain(sys.argv[1:])"
    )
    for words in ("", "--report r.jsonl"):
        done = shell(f'$PYTHON_UNDER_TEST -c "{probe}" filter vertical in.png -q -o out.png {words}', here)
        assert done.out.strip() == (b"True" if words else b"False"), done.err


def test_a_report_of_standard_input(here: Path) -> None:
    done = command("filter", "vertical", "-o", "out.png", "--report", "r.jsonl", cwd=here, stdin=png(GRAY))
    assert done.code == 0, done.err
    assert records((here / "r.jsonl").read_bytes())[0]["input"] == "-"


UNIT = np.linspace(0, 1, 12, dtype="float32").reshape(3, 4)


@pytest.mark.parametrize(
    ("pixels", "options", "expected"),
    [
        (UNIT, {"dtype": "uint8"}, "values within 0…1 rounded to two levels (--range stretch, or values times 255)"),
        (UNIT * 2 - 1, {"dtype": "int16"}, "three levels (--range stretch, or values times 32767)"),
        (UNIT.astype("float64"), {"dtype": "uint16", "range": "shift"}, "times 65535)"),
        (UNIT, {"dtype": "uint8", "range": "stretch"}, ""),
        (UNIT, {}, ""),
        (UNIT * 255, {"dtype": "uint8"}, ""),
        (np.round(UNIT), {"dtype": "uint8"}, ""),
    ],
)
def test_floats_within_1_that_become_integers_are_said(pixels, options, expected):
    image = imgconv.Image((Frame(pixels),)).through(imgconv.Pipeline.parse("filter identity"), **options)
    texts = [note.text for note in image.notes if note.code == "few-levels"]
    assert [expected in text for text in texts] == ([True] if expected else [])


def test_a_blurred_mask_has_levels_to_lose():
    image = imgconv.Image((Frame(np.round(UNIT)),)).through(imgconv.Pipeline.parse("filter box:3"), dtype="uint8")
    assert [note.code for note in image.notes] == ["few-levels"]


def test_strict_forbids_floats_of_two_levels(tmp_path):
    save(tmp_path / "unit.npy", UNIT)
    done = called("filter", "identity", "unit.npy", "--dtype", "uint8", "-o", "x.png", "--strict", cwd=tmp_path)
    assert done.code == 3
    assert "--range stretch, or values times 255" in done.err
