"""The benchmark's table: every peer that is installed computes what we compute. The harness is tried; nothing depends
on times."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.bench import agreement, arrays, baseline, batches, comparison, report, timing
from tests.bench import commands as whole
from tests.bench.__main__ import main
from tests.bench.cases import CASES
from tests.bench.inputs import picture
from tests.bench.libraries import module_of
from tests.bench.results import OURS, Cell, Row, at_most, faster, within
from tests.bench.tools import COLD, TOOLS, Tool

# one size for all images: a case is told by its operation and its pixels' type
TABLE = {(case.operation.title, case.dtype): case for case in CASES}
PAIRS = [
    pytest.param(case, name, marks=[pytest.mark.slow] * (case.dtype != "uint8"))
    for case in TABLE.values()
    for name, peer in case.peers().items()
    if not peer.yardstick
]


def small(dtype):
    return picture(dtype, (64, 48, 3) if dtype == "uint8" else (64, 48))


@pytest.mark.filterwarnings("default")  # of other people's packages
@pytest.mark.parametrize(
    ("case", "name"),
    PAIRS,
    ids=lambda value: value if isinstance(value, str) else f"{value.operation.title}, {value.dtype}",
)
def test_peers_compute_what_we_compute(case, name):
    library = case.peers()[name].library
    if module_of(library) is None:
        pytest.skip(f"{library} is not installed")
    assert arrays.compare(case, name, small(case.dtype)) <= case.tolerance


def test_scipy_at_least_is_compared_in_every_case():
    assert module_of("SciPy") is not None
    assert all("SciPy" in case.peers() for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_targets_name_contestants(case):
    names = {"copy", *case.peers()}
    assert {target.against for target in case.targets} <= names


@pytest.mark.parametrize("case", whole.CASES, ids=lambda case: case.name)
def test_targets_name_tools(case):
    assert {target.against for target in case.targets} <= {
        "",
        *(name for name, tool in case.tools.items() if case.suffix in tool.suffixes),
    }


def test_pictures_are_the_same_every_time():
    assert np.array_equal(small("uint8"), small("uint8"))
    assert {small(name).dtype.name for name in ("uint8", "uint16", "float32")} == {"uint8", "uint16", "float32"}
    assert small("uint16").max() > 255
    assert 0 <= small("float32").min() <= small("float32").max() <= 1


# ---------------------------------------------------------------- agreement


def test_disagreement_is_found_wherever_it_is():
    ours = np.zeros((600, 5, 3), "uint8")
    for place in ((0, 0, 0), (299, 2, 1), (599, 4, 2)):
        theirs = ours.copy()
        theirs[place] = 7
        assert agreement.difference(ours, theirs) == 7
        assert agreement.difference(ours, theirs, crop=1) == (7 if place == (299, 2, 1) else 0)
    assert agreement.difference(ours, ours[:-1]) == float("inf")
    assert agreement.difference(ours.astype("float32"), np.full(ours.shape, np.nan)) == float("inf")
    assert agreement.objection(1, 1) == ""
    assert agreement.objection(7, 1) == "void: differs by 7"


# ---------------------------------------------------------------- timing


def test_slow_contestants_run_less_and_everybody_takes_turns():
    runs = timing.plan({"ours": 0.01, "quick": 0.01, "slow": 3.0}, budget=6)
    assert runs["ours"] >= timing.LEAST_ROUNDS
    assert runs["slow"] == 2
    order = []
    samples = {name: lambda name=name: order.append(name) or float(len(order)) for name in runs}
    found = timing.interleave(samples, runs)
    assert {name: len(seconds) for name, seconds in found.items()} == runs
    assert order.index("slow") < len(order) - 2  # in between, not at the end


def test_ours_runs_often_enough_even_if_it_is_slow():
    assert timing.plan({"ours": 8.0, "peer": 8.0}, budget=30)["ours"] == timing.LEAST_ROUNDS


def test_summary():
    assert timing.summary([1.0, 2.0, 3.0, 4.0, 5.0]) == (3.0, pytest.approx(2 / 3))
    assert timing.summary([2.0]) == (2.0, 0.0)


# ---------------------------------------------------------------- results and report


def row():
    cells = {
        OURS: Cell("ours", 0.010, 0.1, 5),
        "copy": Cell("floor", 0.005, 0, 5),
        "A": Cell(seconds=0.020),
        "B": Cell(note="void: differs by 3"),
    }
    return Row(
        "case",
        "arrays",
        cells | {"C": Cell("yardstick", 0.001)},
        (faster("A", 1.5, 3), faster("A", 4), within("copy", 2), faster("B", 2)),
    )


def test_verdicts():
    found = row()
    assert found.best() == "A"  # not a void cell, not a yardstick
    assert found.ratio("A") == pytest.approx(2)
    assert found.floor() == pytest.approx(2)
    assert [found.verdict(target) for target in found.targets] == ["met", "missed by 2.00×", "met", "not measured"]
    assert found.verdict(faster("A", 1.5, 2)) == "beyond"
    assert found.verdict(at_most(0.02)) == "met"
    assert found.verdict(within("A", 1, measure="bytes")) == "not measured"


def test_report_survives_json_and_reaches_the_page(tmp_path):
    path, page = tmp_path / "bench.json", tmp_path / "performance.md"
    report.store(path, [row()])
    report.store(path, [Row("other", "commands", {OURS: Cell("ours", note="failed: no")})])
    rows, machine = report.stored(path)
    assert [found.name for found in rows] == ["case", "other"]
    assert rows[0] == row()
    assert "cores" in machine
    report.store(path, [], order=["other", "case"])
    assert [found.name for found in report.stored(path)[0]] == ["other", "case"]
    page.write_text("before\n<!-- bench -->\nold\n<!-- end -->\nafter\n")
    assert report.publish(path, page)
    text = page.read_text()
    assert "old" not in text
    assert "| case | 10.0 ms | A 20.0 ms | 2.00× | 2.00× |" in text
    assert "B (void)" in text
    assert text.startswith("before\n<!-- bench -->\n")
    assert text.endswith("<!-- end -->\nafter\n")
    page.write_text("no place")
    assert not report.publish(path, page)
    assert "failed: no" in report.terminal(rows)


# ---------------------------------------------------------------- commands


def test_a_command_that_is_not_there_says_so():
    assert Tool((), ("no-such-program-anywhere",)).command() == "absent: no no-such-program-anywhere on this machine"
    assert Tool((), modules=("no_such_module",)).command() == "absent: no_such_module is not installed"


@pytest.fixture(scope="module")
def contestants(tmp_path_factory):
    """A maker of contestants on a small file of a suffix, in one folder; ours has run."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("commands")
    (folder / "mask.mat").write_text(whole.MASK)
    with whole.Launcher() as launcher:

        def made(name, suffix):
            source = folder / f"in{suffix}"
            if not source.exists():
                Image.fromarray(small("uint8")).save(source)
            contestant = whole.Contestant(name, TOOLS[name], source, folder, launcher, 60, [])
            if name == OURS and not contestant.target.exists():
                contestant.once(TOOLS[OURS].command())
            return contestant

        yield made


@pytest.mark.parametrize(
    ("name", "suffix"),
    [(name, suffix) for name, tool in TOOLS.items() if tool.role == "peer" for suffix in tool.suffixes],
)
def test_tools_write_what_we_write(name, suffix, contestants):
    command = TOOLS[name].command()
    if isinstance(command, str):
        pytest.skip(f"{name} is {command}")
    ours, theirs = contestants(OURS, suffix), contestants(name, suffix)
    assert theirs.once(command) > 0
    assert theirs.memory[0] > 1
    assert whole.disagreement(whole.decoded(ours.target), whole.decoded(theirs.target), TOOLS[name].crop, suffix) == ""


def test_a_command_that_fails_says_so(tmp_path):
    with whole.Launcher() as launcher:
        failing = whole.Contestant("x", TOOLS[OURS], tmp_path / "missing.png", tmp_path, launcher, 60, [])
        with pytest.raises(RuntimeError, match=r"missing\.png"):
            failing.once(TOOLS[OURS].command())
        slow = whole.Contestant("sleep", Tool(("10",), ("sleep",)), tmp_path / "in.png", tmp_path, launcher, 0.1, [])
        with pytest.raises(RuntimeError, match="longer than"):
            slow.once(slow.tool.command())
    assert COLD[OURS].env


# ---------------------------------------------------------------- all of it


@pytest.mark.filterwarnings("default")
def test_a_quick_run_from_words_to_table(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("tests.bench.__main__.BENCH", tmp_path)
    assert main(["--quick", "--arrays", "--only", "max 2x2", "--budget", "0.05"]) == 0
    said = capsys.readouterr().out
    assert "max 2×2/2 · 512×512 RGB 8-bit" in said
    assert "24 Mpx" not in said
    assert report.stored(tmp_path / "quick.json")[0][0].ours.seconds
    assert main(["--list", "--only", "nothing of the kind"]) == 1
    assert main(["--publish"]) == 1


def test_batches_are_compared_with_what_others_make(tmp_path, monkeypatch, capsys):
    """On a few pictures: the command runs, and JPEG files of other options are told apart."""
    monkeypatch.setattr(batches, "BENCH", tmp_path)
    monkeypatch.setattr(batches, "BATCHES", [replace(batches.BATCHES[0], count=3)])
    monkeypatch.setattr("sys.argv", ["bench", "--rounds", "1"])
    batches.main()
    assert re.search(r"imgconv --jobs 1: [0-9.]+ s, \d+ per second, [0-9.]+× our time", capsys.readouterr().out)
    paths = [tmp_path / f"{number}.jpg" for number in range(4)]
    pixels = Image.fromarray(picture("uint8", (40, 48, 3)))
    for path, options in zip(paths, ({}, {"quality": 80}, {"subsampling": 0}, {"optimize": True}), strict=True):
        pixels.save(path, **options)
    found = [batches.objection(paths[0], path) for path in paths]
    assert found == ["", "quantisation", "chroma sampling", "Huffman tables"]


def measured(ours: float, theirs: float, spread: float = 0.02) -> Row:
    return Row("vertical", "arrays", {OURS: Cell("ours", ours, spread), "OpenCV": Cell("peer", theirs, spread)})


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (measured(1.0, 2.0), "1 cases compared, 0 fallen"),
        (measured(1.08, 2.0), "1 cases compared, 0 fallen"),  # within the noise
        (measured(1.5, 3.0), "1 cases compared, 0 fallen"),  # a slower machine
        (measured(1.5, 2.0), "vertical: FALLEN from 2.00 to 1.33 times OpenCV (-33%; noise 10%)"),
        (measured(1.5, 2.0, 0.4), "1 cases compared, 0 fallen"),  # a noisy one
        (measured(0.5, 2.0), "vertical: risen from 2.00 to 4.00 times OpenCV (+100%; noise 10%)"),
    ],
)
def test_what_has_fallen_by_more_than_the_noise_is_said(now: Row, said: str, tmp_path):
    kept = tmp_path / "kept.json"
    assert comparison.keep([measured(1.0, 2.0), Row("alone", "arrays", {OURS: Cell("ours", 1.0)})], "a", kept) == 1
    lines, fallen = comparison.compared([now, Row("new", "arrays", now.cells)], "a", kept)
    assert lines[0] == said
    assert fallen == ("FALLEN" in said)
    assert comparison.compared([now], "b", kept)[0][-1].endswith("; 1 of them were kept on another processor")
    comparison.keep([now], "b", kept)
    assert comparison.compared([now], "b", kept)[0] == ["1 cases compared, 0 fallen"]


def test_what_is_held_to_a_baseline():
    """Goals belong to cases, and a row beside an OpenCV that uses more is marked."""
    assert baseline.beyond("x86-64-v3", "SSE SSE2 SSE3 *SSE4.1 *AVX2 *AVX512-SKX?") == []
    assert baseline.beyond("x86-64-v3", "SSE SSE2 SSE3 *SSE4.1 *AVX2 *AVX512-SKX") == ["AVX512-SKX"]
    titles = [case.operation.title for case in baseline.HELD]
    assert all(any(title.startswith(one) for title in titles) for one in (*baseline.GOALS, *baseline.POOLS))
    assert baseline.marked(row(), []) == row()
    assert baseline.marked(row(), ["AVX512-SKX"]).best() == ""
    assert [target.text for target in baseline.HELD[0].targets] == ["≥ 2.5× as fast as OpenCV"]
