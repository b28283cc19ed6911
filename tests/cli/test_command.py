"""The commands of the issue, word for word, as processes; their results against NumPy and against the library."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import imgconv as library
from tests.command import (
    HORIZONTAL,
    PNG_MAGIC,
    SOBEL_X,
    VERTICAL,
    blocks_max,
    clamped,
    correlated,
    encoded,
    imgconv,
    noise,
    pixels_of,
    png,
    save,
    shell,
)
from tests.strategies import plain_python

GRAY = noise(9, 8)
COLOUR = noise(7, 10, 3, seed=1)
NAMES = (
    *("identity", "vertical", "horizontal", "sobel-x", "sobel-y", "prewitt-x", "prewitt-y", "scharr-x", "scharr-y"),
    *("laplacian", "sharpen", "emboss", "outline", "box:N", "gaussian:SIGMA"),
)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with in.png, gray."""
    save(tmp_path / "in.png", GRAY)
    return tmp_path


# ---------------------------------------------------------------- filter


def test_a_named_kernel(here: Path) -> None:
    done = shell("imgconv filter vertical in.png -o out.png", here)
    assert (done.code, done.out) == (0, b"")
    assert np.array_equal(pixels_of(here / "out.png"), clamped(correlated(GRAY, VERTICAL)))
    assert np.array_equal(pixels_of(here / "out.png"), library.correlate(GRAY, "vertical"))


def test_a_kernel_that_starts_with_a_minus_needs_no_double_dash(here: Path) -> None:
    done = shell('imgconv filter "-1,0,1;-2,0,2;-1,0,1" in.png -o out.png', here)
    assert done.code == 0, done.err
    assert np.array_equal(pixels_of(here / "out.png"), clamped(correlated(GRAY, SOBEL_X)))


def test_a_kernel_that_starts_with_a_minus_and_a_dot(here: Path) -> None:
    done = imgconv("filter", "-.5 0 .5", "in.png", "--bias", "-3", "--divisor=-1", "-o", "out.png", cwd=here)
    assert done.code == 0, done.err
    halves = correlated(GRAY, [[1, 0, -1]])  # sum / -1, times two
    assert np.array_equal(pixels_of(here / "out.png"), clamped(np.floor(halves / 2 - 3 + 0.5)))


def test_a_double_dash_does_no_harm(here: Path) -> None:
    done = imgconv("filter", "-o", "out.png", "--", "-1 0 1", "in.png", cwd=here)
    assert done.code == 0, done.err
    assert np.array_equal(pixels_of(here / "out.png"), clamped(correlated(GRAY, [[-1, 0, 1]])))


def test_a_kernel_from_a_file(here: Path) -> None:
    (here / "my-kernel.txt").write_text("# Sobel, by hand\n-1, 0, 1\n\n-2  0  2   # the middle row\n-1,0,1\n")
    done = shell("imgconv filter ./my-kernel.txt in.png -o out.png", here)
    assert done.code == 0, done.err
    assert np.array_equal(pixels_of(here / "out.png"), clamped(correlated(GRAY, SOBEL_X)))


def test_every_option_of_filter(here: Path) -> None:
    save(here / "in.npy", GRAY)
    words = (
        "--border reflect101 --stride 2x1 --dilation 1x2 --pad 1,0,2,1 --anchor 0,1 --divisor auto --bias 3 --convolve"
        " --dtype int32 --range abs --threads 2"
    )
    kernel = library.Kernel([[1, 2, -1], [3, 4, -2]], divisor="auto", bias=3, anchor=(0, 1))
    with plain_python():
        done = imgconv("filter", "1 2 -1;3 4 -2", "in.npy", *words.split(), "-o", "out.npy", cwd=here)
        assert done.code == 0, done.err
        by_library = library.convolve(
            GRAY,
            kernel,
            border="reflect101",
            stride=(2, 1),
            dilation=(1, 2),
            pad=(1, 0, 2, 1),
            dtype="int32",
            range="abs",
        )
    turned = [[-2, 4, 3], [-1, 2, 1]]
    padded = np.pad(GRAY.astype(int), [(1, 0), (2, 1)], "reflect")
    rows, columns = (padded.shape[0] - 2) // 2 + 1, padded.shape[1] - 5 + 1
    by_hand = [
        [
            sum(turned[r][c] * padded[2 * i + r, j + 2 * c] for r in range(2) for c in range(3)) / 7 + 3
            for j in range(columns)
        ]
        for i in range(rows)
    ]
    found = pixels_of(here / "out.npy")
    assert found.dtype == np.int32
    assert np.array_equal(found, np.floor(np.abs(by_hand) + 0.5))
    assert np.array_equal(found, by_library)


def test_the_anchor_of_same_padding(here: Path) -> None:
    done = imgconv(
        "filter", "1 0 0;0 0 0;0 0 0", "--anchor", "2,0", "--border", "zero", "in.png", "-o", "out.png", cwd=here
    )
    assert done.code == 0, done.err
    expected = np.zeros_like(GRAY)
    expected[2:] = GRAY[:-2]
    assert np.array_equal(pixels_of(here / "out.png"), expected)


def test_the_textbooks_own_example(tmp_path: Path) -> None:
    save(tmp_path / "in.npy", np.array([[0, 64, 128], [48, 192, 144], [142, 226, 168]], "uint8"))
    kernel = "-1 0 -2;0.5 4.5 -1.5;1.5 2 -3"
    wide = imgconv("filter", kernel, "in.npy", "--pad", "valid", "--dtype", "int16", "--format", "npy", cwd=tmp_path)
    narrow = imgconv("filter", kernel, "in.npy", "--pad", "valid", "--format", "npy", cwd=tmp_path)
    assert (pixels_of(wide.out).tolist(), pixels_of(narrow.out).tolist()) == ([[577]], [[255]])
    assert pixels_of(narrow.out).dtype == np.uint8


# ---------------------------------------------------------------- pool, activate


def test_pool_from_stdin_to_stdout(here: Path) -> None:
    done = shell("imgconv pool --size 2 --stride 2 < in.png > out.png", here)
    assert (done.code, done.out) == (0, b"")
    assert (here / "out.png").read_bytes().startswith(PNG_MAGIC)
    assert np.array_equal(pixels_of(here / "out.png"), blocks_max(GRAY))


def test_average_pooling(here: Path) -> None:
    done = shell("imgconv pool --kind avg --size 3 --stride 2 --pad 1 in.png -o out.png", here)
    assert done.code == 0, done.err
    height, width = ((n + 2 - 3) // 2 + 1 for n in GRAY.shape)
    seen = [
        [GRAY[max(0, 2 * i - 1) : 2 * i + 2, max(0, 2 * j - 1) : 2 * j + 2] for j in range(width)]
        for i in range(height)
    ]
    assert np.array_equal(
        pixels_of(here / "out.png"), [[np.floor(cells.mean() + 0.5) for cells in row] for row in seen]
    )


@pytest.mark.parametrize(
    ("word", "kind"), [("mean", "avg"), ("average", "avg"), ("maximum", "max"), ("minimum", "min")]
)
def test_other_names_of_the_kinds(here: Path, word: str, kind: str) -> None:
    words = "--size 3x2 --stride 2x3 --dilation 2x1 --pad 2,1,0,1 --ceil --count-padding"
    done = imgconv("pool", "--kind", word, *words.split(), "in.png", cwd=here)
    assert done.code == 0, done.err
    expected = library.pool(
        GRAY, kind, size=(3, 2), stride=(2, 3), dilation=(2, 1), pad=(2, 1, 0, 1), ceil=True, count_padding=True
    )
    assert np.array_equal(pixels_of(done.out), expected)


def test_an_activation(tmp_path: Path) -> None:
    values = np.array([[-2.5, -0.0, 3.25]], "float32")
    save(tmp_path / "in.npy", values)
    done = imgconv("activate", "relu", "in.npy", cwd=tmp_path, stdin=b"")
    assert done.code == 1  # a stream takes PNG, and PNG takes no float
    done = imgconv("activate", "relu", "in.npy", "--format", "npy", cwd=tmp_path)
    assert done.code == 0, done.err
    assert pixels_of(done.out).tolist() == [[0, 0, 3.25]]


def test_sigmoid_into_bytes_is_said(here: Path) -> None:
    done = imgconv("activate", "sigmoid", "in.png", "-o", "out.png", cwd=here)
    assert done.code == 0
    assert "sigmoid gives 0…1: two of 256 levels used (--range stretch or --dtype float32)" in done.err


# ---------------------------------------------------------------- several processes, several steps


def test_three_processes_in_a_pipe(here: Path) -> None:
    done = shell(
        "imgconv filter vertical in.png | imgconv filter horizontal | imgconv pool --size 2 --stride 2 > out.png", here
    )
    assert (done.code, done.out) == (0, b"")
    by_hand = blocks_max(clamped(correlated(clamped(correlated(GRAY, VERTICAL)), HORIZONTAL)))
    step_by_step = library.pool(library.correlate(library.correlate(GRAY, "vertical"), "horizontal"), size=2, stride=2)
    found = pixels_of(here / "out.png")
    assert np.array_equal(found, by_hand)
    assert np.array_equal(found, step_by_step)
    assert not np.array_equal(
        found, library.run(GRAY, "filter vertical | filter horizontal | maxpool 2")
    )  # processes clamp between


def test_a_pipe_of_floats_loses_nothing(here: Path) -> None:
    done = shell(
        "imgconv filter vertical in.png --dtype float32 --format npy | imgconv filter horizontal --dtype uint8 >"
        " out.png",
        here,
    )
    assert done.code == 0, done.err
    assert np.array_equal(pixels_of(here / "out.png"), clamped(correlated(correlated(GRAY, VERTICAL), HORIZONTAL)))


def test_run_with_text(here: Path) -> None:
    text = "filter vertical | relu | maxpool 2 | filter gaussian:1.5 border=reflect | avgpool 3 stride=2"
    image = save(here / "in.png", noise(16, 15))
    done = shell(f'imgconv run "{text}" in.png -o out.png', here)
    assert done.code == 0, done.err
    found = pixels_of(here / "out.png")
    assert np.array_equal(found, library.run(pixels_of(image), text))
    wide = np.maximum(correlated(noise(16, 15), VERTICAL), 0)
    x = np.arange(-6, 7)  # radius int(4 * 1.5 + 0.5)
    line = np.exp(-0.5 * (x / 1.5) ** 2)
    line /= line.sum()
    padded = np.pad(blocks_max(wide).astype(float), 6, "symmetric")
    soft = np.array(
        [[(padded[i : i + 13, j : j + 13] * np.outer(line, line)).sum() for j in range(7)] for i in range(8)]
    )
    means = [[soft[i : i + 3, j : j + 3].mean() for j in range(0, 5, 2)] for i in range(0, 6, 2)]
    assert found.shape == (3, 3)
    assert np.abs(found - np.clip(means, 0, 255)).max() <= 0.51


def test_run_with_a_pipe_file_over_several_images(tmp_path: Path) -> None:
    pictures = {"a.png": GRAY, "b.png": COLOUR, "c.png": noise(5, 5, seed=2)}
    for name, pixels in pictures.items():
        save(tmp_path / name, pixels)
    (tmp_path / "edges.pipe").write_text(
        "# edges, then half the size\nfilter vertical   # right minus left\n\nabs\nmaxpool 2\n"
    )
    done = shell("imgconv run edges.pipe a.png b.png c.png -o out/", tmp_path)
    assert (done.code, done.out) == (0, b"")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(pictures)
    for name, pixels in pictures.items():
        assert np.array_equal(
            pixels_of(tmp_path / "out" / name), clamped(blocks_max(np.abs(correlated(pixels, VERTICAL))))
        ), name
        assert name in done.err


def test_run_with_the_pipeline_on_stdin(here: Path) -> None:
    done = shell("printf 'filter vertical\\nmaxpool 2\\n' | imgconv run - in.png > out.png", here)
    assert done.code == 0, done.err
    assert np.array_equal(pixels_of(here / "out.png"), clamped(blocks_max(correlated(GRAY, VERTICAL))))


def test_run_with_a_file_named_by_its_folder(here: Path) -> None:
    (here / "steps").write_text("filter vertical\n")
    done = imgconv("run", "./steps", "in.png", cwd=here)
    assert done.code == 0, done.err
    assert np.array_equal(pixels_of(done.out), clamped(correlated(GRAY, VERTICAL)))


def test_run_reads_its_image_from_stdin(tmp_path: Path) -> None:
    done = imgconv("run", "filter vertical | abs", cwd=tmp_path, stdin=png(COLOUR))
    assert done.code == 0, done.err
    assert np.array_equal(pixels_of(done.out), clamped(np.abs(correlated(COLOUR, VERTICAL))))


# ---------------------------------------------------------------- the settings of a run


def test_ranges_and_types(here: Path) -> None:
    wide = correlated(GRAY, VERTICAL)
    shifted = imgconv("filter", "vertical", "--range", "shift", "in.png", cwd=here)
    assert np.array_equal(pixels_of(shifted.out), clamped(wide + 128))
    stretched = imgconv("filter", "vertical", "--range", "stretch", "in.png", cwd=here)
    assert np.array_equal(
        pixels_of(stretched.out), np.floor((wide - wide.min()) * 255 / (wide.max() - wide.min()) + 0.5)
    )
    kept = imgconv("filter", "vertical", "--dtype", "int16", "--format", "npy", "in.png", cwd=here)
    assert (pixels_of(kept.out).dtype.name, pixels_of(kept.out).tolist()) == ("int16", wide.tolist())


def test_threads_do_not_change_a_byte(tmp_path: Path) -> None:
    image = encoded(noise(70, 40, 3), "PNG")
    one, three = (imgconv("filter", "gaussian:1", "--threads", n, cwd=tmp_path, stdin=image) for n in ("1", "3"))
    assert one.code == three.code == 0
    assert one.out == three.out


def test_the_loss_is_said(here: Path) -> None:
    """Clamping is named with what keeps the values; without loss it is not."""
    lossy = imgconv("filter", "vertical", "in.png", "-o", "out.png", cwd=here)
    whole = imgconv("filter", "identity", "in.png", "-o", "out.png", cwd=here)
    assert "clamped" in lossy.err
    assert "--range" in lossy.err
    assert "clamped" not in whole.err
    assert "in.png" in whole.err


# ---------------------------------------------------------------- kernels


def test_the_list_of_kernels(tmp_path: Path) -> None:
    done = shell("imgconv kernels", tmp_path)
    assert (done.code, done.err) == (0, "")
    lines = done.out.decode().splitlines()
    for name in NAMES:
        found = [line for line in lines if re.split(r"[\[\s]", line.strip())[0] == name]
        assert len(found) == 1, name
        assert len(found[0].split()) > 2, f"{name} has no sentence"


def test_one_kernel_in_detail(tmp_path: Path) -> None:
    done = shell("imgconv kernels show sobel-x", tmp_path)
    assert (done.code, done.err) == (0, "")
    text = done.out.decode()
    assert [line.split() for line in text.splitlines() if re.fullmatch(r"[-\d\s]+", line)] == [
        ["-1", "0", "1"],
        ["-2", "0", "2"],
        ["-1", "0", "1"],
    ]
    for word, value in {"divisor": "1", "anchor": "1,1", "sum": "0", "response": "1020"}.items():
        assert re.search(rf"^{word}\b.*(?<![\d.]){value}(?![\d.])", text, re.MULTILINE), word
    assert re.search(r"response.*[-−]1020", text)


def test_details_of_kernels_that_are_not_fixed(tmp_path: Path) -> None:
    box = imgconv("kernels", "show", "box:3", cwd=tmp_path)
    assert box.code == 0
    assert re.search(r"^divisor\s+9$", box.out.decode(), re.MULTILINE)
    assert re.search(r"^sum\s+1\b", box.out.decode(), re.MULTILINE)
    rows = imgconv("kernels", "show", "-1 0 1;-2 0 2", cwd=tmp_path)
    assert rows.code == 0
    assert "2 rows x 3 columns" in rows.out.decode()


# ---------------------------------------------------------------- help and version


@pytest.mark.parametrize("command", ["", "filter", "pool", "activate", "run", "kernels show"])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_begins_with_examples(tmp_path: Path, command: str, option: str) -> None:
    done = imgconv(*command.split(), option, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    text = done.out.decode()
    assert text.startswith(f"Usage: imgconv {command}".rstrip())
    assert "Examples:" in text
    assert f"  imgconv {command}".rstrip() in text
    assert text.index("Examples:") < text.index("Options:")


def test_help_of_run_says_what_a_shell_pipe_clamps(tmp_path: Path) -> None:
    text = " ".join(imgconv("run", "--help", cwd=tmp_path).out.decode().split())
    assert "--dtype float32 --format npy" in text


@pytest.mark.parametrize("command", ["filter", "pool"])
def test_help_names_every_option(tmp_path: Path, command: str) -> None:
    own = {"filter": "--border --anchor --divisor --bias --convolve", "pool": "--kind --size --ceil --count-padding"}[
        command
    ]
    common = (
        "--stride --dilation --pad -o --output --format --overwrite --range --dtype --gray --threads -q --quiet"
        " --version"
    )
    text = imgconv(command, "--help-all", cwd=tmp_path).out.decode()
    assert [
        option for option in (own + " " + common).split() if not re.search(rf"(?<![\w-]){option}(?![\w-])", text)
    ] == []


@pytest.mark.parametrize("command", [(), ("filter",), ("pool",), ("activate",), ("run",), ("kernels",)])
def test_version_everywhere(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = imgconv(*command, "--version", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out.decode().split() == ["imgconv", library.__version__]


def test_the_console_script_is_the_same_command(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("imgconv")
    by_script = subprocess.run(
        [script, "kernels", "show", "box:3"], cwd=tmp_path, capture_output=True, timeout=60, check=False
    )
    by_module = imgconv("kernels", "show", "box:3", cwd=tmp_path)
    assert (by_script.returncode, by_script.stdout) == (by_module.code, by_module.out) == (0, by_module.out)


def test_help_speaks_of_imgconv_however_it_is_started(tmp_path: Path) -> None:
    assert "__main__" not in imgconv("--help", cwd=tmp_path).out.decode()


def test_a_plan_is_printed_and_nothing_is_run(here: Path) -> None:
    before = sorted(here.iterdir())
    ended = imgconv("run", "filter gaussian:5 | relu | avgpool 2", "in.png", "--plan", cwd=here)
    assert ended.code == 0
    lines = ended.out.decode().splitlines()
    assert [line.partition(":")[0] for line in lines[1:]] == ["relu", "avgpool 2"]
    assert re.search(r"separable(-byte-products|-stacked-products)? in float32", lines[0])
    assert "41x41 kernel" in lines[0]
    assert sorted(here.iterdir()) == before
    ended = imgconv("pool", "--size", "999", "in.png", "--plan", cwd=here)
    assert ended.code == 1
    assert "does not fit" in ended.err


def test_short_options_are_their_long_names_but_not_behind_two_dashes(here: Path) -> None:
    for words in (("-o", "a.png", "-q"), ("-oa.png", "-q"), ("--output", "a.png", "--quiet"), ("-qo", "a.png")):
        ended = imgconv("filter", "vertical", "in.png", *words, cwd=here)
        assert (ended.code, ended.err) == (0, "")
        (here / "a.png").unlink()
    ended = imgconv("filter", "vertical", "--", "-o", cwd=here)
    assert (ended.code, ended.err) == (1, "imgconv: -o: no such file\n")


def test_a_short_option_costs_no_search_for_what_is_like_it() -> None:
    """Click looks for similar long options, with difflib, before it looks at short ones."""
    probe = (
        "import sys\nfrom imgconv.cli.main import _command\n_command('filter').make_context('filter', ['vertical',"
        " 'in.png', '-o', 'out.png', '-q'])\nassert 'difflib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", probe], check=True, timeout=60)


def test_a_warm_run_loads_no_paths_and_no_addresses(here: Path) -> None:
    """pathlib brings urllib and ipaddress with it: 2.5 ms of every run."""
    probe = (
        "import os, sys\nleave = os._exit\ndef end(code):\n    print([name for name in ('pathlib', 'urllib.parse',"
        " 'difflib', 'numba') if name in sys.modules], flush=True)\n    leave(code)\nos._exit = end\nfrom imgconv.cli"
        " import main\nmain(['filter', 'vertical', 'in.png', '-o', 'out.png', '-q', '--overwrite'])"
    )
    for _ in range(2):  # the first may compile
        done = subprocess.run(
            [sys.executable, "-c", probe], cwd=here, capture_output=True, text=True, check=True, timeout=120
        )
    assert done.stdout == "[]\n"


def test_sizes_are_said_in_one_order(tmp_path: Path) -> None:
    """Width x height for pictures, rows and columns by name where rows come first, channels where they are not 1 or
    3."""
    save(tmp_path / "in.npy", noise(4, 6, 5))
    ended = imgconv("pool", "--size", "2x3", "in.npy", "-o", "out.npy", cwd=tmp_path)
    assert "in.npy -> out.npy: 2x2 5 channels (from 6x4)" in ended.err
    plan = imgconv("run", "filter 1,2,3 | pool size=2x3", "in.npy", "--plan", cwd=tmp_path).out.decode().splitlines()
    assert "6x4 of 5 channels uint8 -> 6x4 of 5 channels" in plan[0]
    assert "kernel of 1 row x 3 columns" in plan[0]
    assert " -> 2x2 of 5 channels uint8" in plan[1]
    assert "windows of 2 rows x 3 columns" in plan[1]
    ended = imgconv("pool", "--size", "2x9", "in.npy", "-o", "out.npy", cwd=tmp_path)
    assert "a window of 2 rows x 9 columns does not fit an image of 4 rows x 6 columns (with padding)" in ended.err
