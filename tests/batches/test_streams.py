"""What comes from where and goes where: names, formats, folders, terminals, and what is never overwritten."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgconv import load
from tests.command import (
    BMP_MAGIC,
    JPEG_MAGIC,
    NPY_MAGIC,
    PNG_END,
    PNG_MAGIC,
    VERTICAL,
    blocks_max,
    clamped,
    compression_level,
    correlated,
    encoded,
    format_of,
    imgconv,
    noise,
    on_terminal,
    pixels_of,
    png,
    raw_png,
    save,
    shell,
)

GRAY = noise(6, 8)
COLOUR = noise(6, 5, 3, seed=1)
EDGES = clamped(correlated(GRAY, VERTICAL))
OLD = b"what stood here before"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with in.png, gray."""
    save(tmp_path / "in.png", GRAY)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_one_refusal(text: str, *words: str) -> None:
    """One line of complaint, and each word in it."""
    assert text.startswith("imgconv: ")
    assert text.count("\n") == 1, text
    assert [word for word in words if word not in text] == [], text


# ---------------------------------------------------------------- -o


def test_output_to_a_file(here: Path) -> None:
    done = imgconv("filter", "vertical", "in.png", "-o", "out.png", cwd=here)
    assert (done.code, done.out) == (0, b"")
    assert np.array_equal(pixels_of(here / "out.png"), EDGES)
    assert names(here) == ["in.png", "out.png"]
    assert compression_level((here / "out.png").read_bytes()) == 2
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((here / "out.png").stat().st_mode) == 0o666 & ~umask


def test_output_to_a_folder_that_exists(here: Path) -> None:
    (here / "out").mkdir()
    assert imgconv("filter", "vertical", "in.png", "-o", "out", cwd=here).code == 0
    assert names(here / "out") == ["in.png"]
    assert np.array_equal(pixels_of(here / "out" / "in.png"), EDGES)


def test_a_trailing_slash_makes_a_folder(here: Path) -> None:
    save(here / "sub" / "photo.JPG", GRAY, format="JPEG")
    assert imgconv("filter", "vertical", "sub/photo.JPG", "-o", "new/deep/", cwd=here).code == 0
    assert names(here / "new" / "deep") == ["photo.JPG"]  # its name and its format
    assert format_of(here / "new" / "deep" / "photo.JPG") == "JPEG"


def test_several_inputs_make_a_folder(here: Path) -> None:
    save(here / "b.bmp", COLOUR)
    save(here / "real-png.jpg", GRAY, format="PNG")
    done = imgconv(
        "filter",
        "vertical",
        "in.png",
        "b.bmp",
        "-",
        "real-png.jpg",
        "-o",
        "out",
        cwd=here,
        stdin=encoded(COLOUR, "JPEG"),
    )
    assert done.code == 0, done.err
    assert names(here / "out") == ["b.bmp", "in.png", "real-png.png", "stdin.png"]
    assert np.array_equal(pixels_of(here / "out" / "b.bmp"), clamped(correlated(COLOUR, VERTICAL)))
    assert format_of(here / "out" / "b.bmp") == "BMP"
    assert format_of(here / "out" / "real-png.png") == "PNG"  # the kind is what the content says, in and out


def test_stdin_becomes_stdin_png(here: Path) -> None:
    """Whatever came in: a file called .png is a PNG."""
    for form in ("PNG", "BMP", "npy"):
        done = imgconv("filter", "vertical", "-o", "out/", "--overwrite", cwd=here, stdin=encoded(GRAY, form))
        assert done.code == 0, done.err
        assert names(here / "out") == ["stdin.png"]
        assert (here / "out" / "stdin.png").read_bytes()[:8] == PNG_MAGIC, f"{form} on stdin"
        assert np.array_equal(pixels_of(here / "out" / "stdin.png"), EDGES)


def test_output_to_stdout_by_dash(here: Path) -> None:
    done = imgconv("filter", "vertical", "in.png", "-o", "-", cwd=here)
    assert done.code == 0
    assert done.out.startswith(PNG_MAGIC)
    assert done.out.endswith(PNG_END)  # the image and nothing else
    assert np.array_equal(pixels_of(done.out), EDGES)
    assert names(here) == ["in.png"]


def test_no_output_named_is_stdout(here: Path) -> None:
    """PNG whatever came in, at the fastest level; what is said goes to stderr."""
    done = imgconv("filter", "vertical", cwd=here, stdin=encoded(GRAY, "BMP"))
    assert done.code == 0
    assert np.array_equal(pixels_of(done.out), EDGES)
    assert done.out.startswith(PNG_MAGIC)
    assert compression_level(done.out) == 0
    assert "standard input" in done.err
    redirected = shell("imgconv filter vertical in.png > out.png", here)
    assert redirected.code == 0
    assert compression_level((here / "out.png").read_bytes()) == 2


def test_dash_and_dev_stdin_are_inputs(here: Path) -> None:
    for name in ("-", "/dev/stdin"):
        done = imgconv("filter", "vertical", name, cwd=here, stdin=png(GRAY))
        assert done.code == 0, done.err
        assert np.array_equal(pixels_of(done.out), EDGES)


def test_several_inputs_to_one_stream(here: Path) -> None:
    save(here / "b.png", GRAY)
    for words in ((), ("-o", "-")):
        done = imgconv("filter", "vertical", "in.png", "b.png", *words, cwd=here)
        assert (done.code, done.out) == (2, b"")
        assert_one_refusal(done.err, "-o out/")
    twice = imgconv("filter", "vertical", "-", "-", "-o", "out/", cwd=here, stdin=png(GRAY))
    assert twice.code == 2
    assert names(here) == ["b.png", "in.png"]


def test_several_inputs_to_one_file(here: Path) -> None:
    save(here / "b.png", GRAY)
    (here / "out.png").write_bytes(OLD)
    done = imgconv("filter", "vertical", "in.png", "b.png", "-o", "out.png", cwd=here)
    assert done.code == 2
    assert_one_refusal(done.err, "out.png")
    assert (here / "out.png").read_bytes() == OLD


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("out.PNG", "PNG"),
        ("out.jpeg", "JPEG"),
        ("out.tif", "TIFF"),
        ("out.bmp", "BMP"),
        ("out.pgm", "PPM"),
        ("out.gif", "GIF"),
        ("out.tga", "TGA"),
    ],
)
def test_the_suffix_decides(here: Path, name: str, form: str) -> None:
    done = imgconv("filter", "vertical", "in.png", "-o", name, cwd=here)
    assert done.code == 0, done.err
    assert format_of(here / name) == form
    if form != "JPEG":
        assert np.array_equal(pixels_of(here / name), EDGES)


def test_format_wins_over_the_suffix(here: Path) -> None:
    assert imgconv("filter", "vertical", "in.png", "-o", "out.png", "--format", "bmp", cwd=here).code == 0
    assert (here / "out.png").read_bytes().startswith(BMP_MAGIC)
    assert imgconv("filter", "vertical", "in.png", "-o", "nosuffix", "--format", "png", cwd=here).code == 0
    assert np.array_equal(pixels_of(here / "nosuffix"), EDGES)
    assert imgconv("filter", "vertical", "in.png", "-o", "out/", "--format", "bmp", cwd=here).code == 0
    assert [path.read_bytes()[:2] for path in (here / "out").iterdir()] == [BMP_MAGIC]


def test_format_of_a_stream(here: Path) -> None:
    jpeg = imgconv("filter", "vertical", "in.png", "--format", "jpg", cwd=here)
    assert jpeg.out.startswith(JPEG_MAGIC)
    npy = imgconv("filter", "vertical", "in.png", "--format", "NPY", "-o", "-", cwd=here)
    assert npy.out.startswith(NPY_MAGIC)
    assert np.array_equal(pixels_of(npy.out), EDGES)


@pytest.mark.parametrize(
    ("pixels", "words", "able", "unable"),
    [
        (GRAY, "--dtype float32 -o out.png", ("npy", "tiff", "pfm"), ("jpeg", "bmp")),
        (GRAY, "--dtype float32", ("npy", "tiff", "pfm"), ("webp",)),
        (GRAY, "--dtype int16 -o out.bmp", ("npy", "tiff"), ("png", "pfm")),
        (GRAY, "--dtype uint16 --format bmp", ("npy", "tiff", "png"), ("bmp", "webp")),
        (COLOUR, "--dtype float32 -o out.tga", ("npy", "pfm"), ("png",)),
        (noise(4, 4, 4), "-o out.jpg", ("npy", "png", "tiff", "webp"), ("bmp", "ppm")),
        (GRAY, "--dtype float64 -o out/", ("npy", "tiff"), ("pfm",)),
    ],
)
def test_what_a_format_cannot_hold(
    tmp_path: Path, pixels: np.ndarray, words: str, able: tuple[str, ...], unable: tuple[str, ...]
) -> None:
    save(tmp_path / "in.png", pixels)
    done = imgconv("filter", "vertical", "in.png", *words.split(), cwd=tmp_path)
    assert (done.code, done.out) == (1, b"")
    assert_one_refusal(done.err)
    offered = done.err.replace(",", " ").split()
    assert [name for name in able if name not in offered] == [], done.err
    assert [name for name in unable if name in offered] == [], done.err
    assert names(tmp_path) == ["in.png"]


def test_wide_results_in_formats_that_hold_them(here: Path) -> None:
    wide = correlated(GRAY, VERTICAL)
    for words, expected in {
        "--dtype float32 -o out.tif": wide,
        "--dtype float32 -o out.pfm": wide,
        "--dtype int32 -o out.tiff": wide,
        "--dtype uint16 -o out.png": np.maximum(wide, 0),
        "--dtype int16 -o out.npy": wide,
    }.items():
        done = imgconv("filter", "vertical", "in.png", *words.split(), cwd=here)
        assert done.code == 0, done.err
        assert np.array_equal(pixels_of(here / words.split()[-1]), expected), words


# ---------------------------------------------------------------- terminals


def test_derived_names_on_a_terminal(tmp_path: Path) -> None:
    """Beside the input, in its format if that is writable, said on stderr; not a byte of the image on the
    screen."""
    save(tmp_path / "sub" / "scan.jpg", GRAY)
    save(tmp_path / "drawing.png", COLOUR)
    save(tmp_path / "old.ico", GRAY, sizes=[GRAY.shape[1::-1]])
    inputs = ("sub/scan.jpg", "drawing.png", "old.ico")
    done = on_terminal("filter", "vertical", *inputs, cwd=tmp_path)
    assert (done.code, done.screen) == (0, b"")
    made = {"drawing-vertical.png": "PNG", "old-vertical.png": "PNG", "sub/scan-vertical.jpg": "JPEG"}
    assert names(tmp_path) == ["drawing-vertical.png", "drawing.png", "old-vertical.png", "old.ico", "sub"]
    for name, form in made.items():
        assert name in done.err
        assert format_of(tmp_path / name) == form
    assert np.array_equal(pixels_of(tmp_path / "drawing-vertical.png"), clamped(correlated(COLOUR, VERTICAL)))
    assert names(tmp_path / "sub") == ["scan-vertical.jpg", "scan.jpg"]


@pytest.mark.parametrize(
    ("words", "made"),
    [
        (("filter", "-1 0 1", "in.png"), "in-filter.png"),
        (("pool", "--kind", "maximum", "in.png"), "in-maxpool-2x2.png"),
        (("run", "filter vertical | relu", "in.png"), "in-run.png"),
        (("run", "edges.pipe", "in.png"), "in-edges.png"),
        (("filter", "vertical"), "stdin-vertical.png"),
        (("filter", "vertical", "in.png", "--format", "bmp"), "in-vertical.bmp"),
        (("filter", "vertical", "in.png", "--dtype", "float32", "--format", "npy"), "in-vertical.npy"),
    ],
)
def test_derived_names(here: Path, words: tuple[str, ...], made: str) -> None:
    (here / "edges.pipe").write_text("filter vertical\nrelu\n")
    done = on_terminal(*words, cwd=here, stdin=png(GRAY))
    assert (done.code, done.screen) == (0, b""), done.err
    assert names(here) == sorted(["edges.pipe", "in.png", made])
    assert made in done.err


def test_a_derived_name_is_quiet_if_asked(here: Path) -> None:
    done = on_terminal("filter", "vertical", "in.png", "-q", cwd=here)
    assert (done.code, done.screen, done.err) == (0, b"", "")
    assert names(here) == ["in-vertical.png", "in.png"]


def test_a_derived_name_is_not_replaced(here: Path) -> None:
    (here / "in-vertical.png").write_bytes(OLD)
    done = on_terminal("filter", "vertical", "in.png", cwd=here)
    assert (done.code, done.screen) == (1, b"")
    assert_one_refusal(done.err, "in-vertical.png", "--overwrite")
    assert (here / "in-vertical.png").read_bytes() == OLD
    done = on_terminal("filter", "vertical", "in.png", "--overwrite", cwd=here)
    assert done.code == 0
    assert np.array_equal(pixels_of(here / "in-vertical.png"), EDGES)


@pytest.mark.parametrize("target", ["-", "/dev/stdout", "/dev/fd/1"])
def test_an_image_is_not_sent_to_a_terminal(here: Path, target: str) -> None:
    """Also not by one of the terminal's other names."""
    done = on_terminal("filter", "vertical", "in.png", "-o", target, cwd=here)
    assert b"PNG" not in done.screen
    assert done.code == 2
    assert_one_refusal(done.err)
    assert names(here) == ["in.png"]


def test_help_may_go_to_a_terminal(here: Path) -> None:
    done = on_terminal("kernels", "show", "vertical", cwd=here)
    assert done.code == 0
    assert b"divisor" in done.screen


# ---------------------------------------------------------------- what is replaced, and what is not


def test_a_named_file_is_replaced_and_keeps_its_permissions(here: Path) -> None:
    old = here / "out.png"
    old.write_bytes(OLD)
    old.chmod(0o640)
    number = old.stat().st_ino
    assert imgconv("filter", "vertical", "in.png", "-o", "out.png", cwd=here).code == 0
    assert np.array_equal(pixels_of(old), EDGES)
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert old.stat().st_ino != number  # a new file renamed over the old one, not the old one rewritten
    assert names(here) == ["in.png", "out.png"]


def test_a_file_in_a_folder_is_not_replaced(here: Path) -> None:
    save(here / "b.png", GRAY)
    (here / "out").mkdir()
    (here / "out" / "in.png").write_bytes(OLD)
    done = imgconv("filter", "vertical", "in.png", "b.png", "-o", "out/", cwd=here)
    assert done.code == 1
    assert (here / "out" / "in.png").read_bytes() == OLD
    assert np.array_equal(
        pixels_of(here / "out" / "b.png"), EDGES
    )  # one that fails does not keep the others from their turn
    assert [line for line in done.err.splitlines() if "out/in.png" in line and "--overwrite" in line] != []
    done = imgconv("filter", "vertical", "in.png", "b.png", "-o", "out/", "--overwrite", cwd=here)
    assert done.code == 0
    assert np.array_equal(pixels_of(here / "out" / "in.png"), EDGES)
    assert names(here / "out") == ["b.png", "in.png"]


@pytest.mark.parametrize("target", ["in.png", "./in.png", "link.png", "."])
def test_an_input_is_not_written(here: Path, target: str) -> None:
    (here / "link.png").symlink_to("in.png")
    before = (here / "in.png").read_bytes()
    done = imgconv("filter", "vertical", "in.png", "-o", target, cwd=here)
    assert done.code == 2
    assert_one_refusal(done.err, "--overwrite")
    assert (here / "in.png").read_bytes() == before
    assert names(here) == ["in.png", "link.png"]


def test_an_input_is_written_with_overwrite(here: Path) -> None:
    done = imgconv("filter", "vertical", "in.png", "-o", "in.png", "--overwrite", cwd=here)
    assert done.code == 0, done.err
    assert np.array_equal(pixels_of(here / "in.png"), EDGES)


def test_a_derived_name_that_is_another_input(here: Path) -> None:
    before = save(here / "in-vertical.png", noise(3, 3)).read_bytes()
    done = on_terminal("filter", "vertical", "in.png", "in-vertical.png", cwd=here)
    assert done.code == 2
    assert_one_refusal(done.err, "in-vertical.png", "--overwrite")
    assert (here / "in-vertical.png").read_bytes() == before
    assert names(here) == ["in-vertical.png", "in.png"]


def test_two_outputs_on_one_path(here: Path) -> None:
    save(here / "a" / "x.png", GRAY)
    save(here / "b" / "x.png", GRAY)
    for inputs in (("in.png", "a/x.png", "b/x.png"), ("in.png", "in.png")):
        done = imgconv("filter", "vertical", *inputs, "-o", "out/", "--overwrite", cwd=here)
        assert done.code == 2
        assert_one_refusal(done.err, *inputs[-2:])
        assert names(here) == ["a", "b", "in.png"]  # refused before any work


def test_two_outputs_on_one_path_by_format(here: Path) -> None:
    save(here / "in.bmp", GRAY)
    done = imgconv("filter", "vertical", "in.png", "in.bmp", "-o", "out/", "--format", "tiff", cwd=here)
    if done.code == 0:  # names kept whole do not meet
        assert names(here / "out") == ["in.bmp", "in.png"]
    else:
        assert done.code == 2
        assert_one_refusal(done.err, "in.png", "in.bmp")


def test_two_derived_names_on_one_path(here: Path) -> None:
    """in.ico falls back to PNG, and in.png is one: both want in-vertical.png."""
    save(here / "in.ico", GRAY + 1, sizes=[GRAY.shape[1::-1]])
    done = on_terminal("filter", "vertical", "in.ico", "in.png", "--overwrite", cwd=here)
    assert done.code == 2, done.err
    assert_one_refusal(done.err, "in.ico", "in.png")
    assert names(here) == ["in.ico", "in.png"]


# ---------------------------------------------------------------- failure leaves nothing


@pytest.mark.parametrize(
    ("words", "content", "code"),
    [
        (("filter", "vertical"), png(noise(40, 40))[:300], 1),
        (("pool", "--size", "50"), png(GRAY), 1),
        (("filter", "vertical", "--format", "jpeg"), png(noise(4, 4, 4)), 1),
        (("filter", "vertcal"), png(GRAY), 2),
    ],
)
def test_nothing_on_stdout_when_it_fails(tmp_path: Path, words: tuple[str, ...], content: bytes, code: int) -> None:
    done = imgconv(*words, cwd=tmp_path, stdin=content)
    assert (done.code, done.out) == (code, b"")
    assert_one_refusal(done.err)
    assert names(tmp_path) == []


def test_quiet_says_only_errors(here: Path) -> None:
    done = imgconv("filter", "vertical", "in.png", "-q", cwd=here)
    assert (done.code, done.err) == (0, "")
    assert np.array_equal(pixels_of(done.out), EDGES)
    mixed = imgconv("filter", "vertical", "in.png", "missing.png", "--quiet", "-o", "out/", cwd=here)
    assert mixed.code == 1
    assert_one_refusal(mixed.err, "missing.png")


def test_a_failed_write_leaves_the_old_file(here: Path) -> None:
    """The disk is full, as far as this process can see."""
    save(here / "in.png", noise(64, 64))
    (here / "out.png").write_bytes(OLD)
    done = shell(
        "imgconv filter vertical in.png --dtype uint16 -o warm.png -q; ulimit -f 1; imgconv filter vertical in.png"
        " --dtype uint16 -o out.png",
        here,
    )
    assert done.code == 1, done.err
    assert_one_refusal(done.err, "out.png")
    assert (here / "out.png").read_bytes() == OLD
    assert names(here) == ["in.png", "out.png", "warm.png"]


def test_closed_stderr(here: Path) -> None:
    """Words without a place are not said; they do not land in the image."""
    done = shell("imgconv filter vertical in.png > out.png 2>&-", here)
    assert done.code == 0
    assert (here / "out.png").read_bytes().endswith(PNG_END)


def test_closed_stdout(here: Path) -> None:
    done = shell("imgconv filter vertical in.png -o other.png >&-", here)
    assert done.code == 0, done.err
    assert np.array_equal(pixels_of(here / "other.png"), EDGES)


@pytest.mark.parametrize(
    "line",
    [
        "imgconv filter vertical in.png >&-",
        "imgconv filter vertical in.png -o - >&-",
        "imgconv filter vertical - <&-",
        "imgconv filter vertical <&-",
        "imgconv run - in.png <&-",
    ],
)
def test_a_closed_stream_that_is_needed(here: Path, line: str) -> None:
    done = shell(line, here)
    assert done.code in (1, 2), done.err
    assert_one_refusal(done.err)


# ---------------------------------------------------------------- what is no regular file


def test_output_into_a_fifo(here: Path) -> None:
    os.mkfifo(here / "fifo")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((here / "fifo").read_bytes()), daemon=True)
    reader.start()
    done = imgconv("filter", "vertical", "in.png", "-o", "fifo", cwd=here)
    reader.join(30)
    assert done.code == 0, done.err
    assert np.array_equal(pixels_of(got[0]), EDGES)
    assert compression_level(got[0]) == 0
    assert stat.S_ISFIFO((here / "fifo").stat().st_mode)


def test_input_from_a_fifo(here: Path) -> None:
    os.mkfifo(here / "fifo")
    writer = threading.Thread(target=lambda: (here / "fifo").write_bytes(png(GRAY)), daemon=True)
    writer.start()
    done = imgconv("filter", "vertical", "fifo", cwd=here)
    writer.join(30)
    assert done.code == 0, done.err
    assert np.array_equal(pixels_of(done.out), EDGES)


def test_a_device_is_not_replaced_by_a_file(here: Path) -> None:
    device = here / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except OSError:
        if os.geteuid() == 0:
            pytest.skip("a device cannot be made here, and the real one is not to be risked as root")
        device = Path("/dev/null")
    done = imgconv("filter", "vertical", "in.png", "-o", device, cwd=here)
    assert done.code == 0, done.err
    assert stat.S_ISCHR(device.stat().st_mode)
    assert "part" not in " ".join(names(here))


def test_dev_stdout_is_a_stream(here: Path) -> None:
    done = imgconv("filter", "vertical", "in.png", "-o", "/dev/stdout", cwd=here)
    assert done.code == 0, done.err
    assert np.array_equal(pixels_of(done.out), EDGES)


def test_dev_fd_is_a_stream(here: Path) -> None:
    """What a shell's `-o >(...)` becomes."""
    done = shell("imgconv filter vertical in.png -o /dev/fd/3 3>&1 >/dev/null | cat > out.png", here)
    assert "cannot be written" not in done.err
    assert np.array_equal(pixels_of(here / "out.png"), EDGES)


# ---------------------------------------------------------------- what is read


def test_the_kind_is_recognised_by_content(here: Path) -> None:
    save(here / "photo.jpg", GRAY, format="PNG")
    (here / "array.png").write_bytes(encoded(GRAY, "npy"))
    save(here / "nosuffix", GRAY, format="BMP")
    for name in ("photo.jpg", "array.png", "nosuffix"):
        done = imgconv("filter", "vertical", name, cwd=here)
        assert done.code == 0, done.err
        assert np.array_equal(pixels_of(done.out), EDGES), name


WIDENED = {
    "bool": "uint8",
    "int8": "int16",
    "float16": "float32",
    "uint32": "float64",
    "int64": "float64",
    "uint64": "float64",
}


def test_arrays_in_and_out(tmp_path: Path) -> None:
    """Every real type, 2-D and 3-D, byte order and memory order: numbers stay, the type stays or is widened."""
    arrays = {
        name: noise(3, 4, seed=3) % 100
        for name in ("uint8", "uint16", "int16", "int32", "float32", "float64", *WIDENED)
    }
    arrays = {name: (values - (0 if name[0] in "ub" else 50)).astype(name) for name, values in arrays.items()}
    arrays["float64"] = arrays["float64"] / 3
    arrays |= {
        "one": noise(3, 4, 1),
        "five": noise(3, 4, 5),
        "swapped": noise(3, 4).astype(">i2"),
        "turned": np.asfortranarray(noise(5, 4, 3)),
    }
    for name, values in arrays.items():
        save(tmp_path / f"{name}.npy", values)
    done = imgconv("activate", "identity", *(f"{name}.npy" for name in arrays), "-o", "out/", cwd=tmp_path)
    assert done.code == 0, done.err
    for name, values in arrays.items():
        found = np.load(tmp_path / "out" / f"{name}.npy", allow_pickle=False)
        kept = values.dtype.newbyteorder("=").name
        assert found.dtype == WIDENED.get(kept, kept), name
        assert np.array_equal(found, values), name


def test_arrays_that_are_refused(tmp_path: Path) -> None:
    """Each in a sentence of its own; a pickle is not opened."""
    refused = {
        "pickle": (np.array([[Trap(tmp_path / "sprung")]], object), "pickle"),
        "complex": (np.ones((3, 3), complex), "complex"),
        "empty": (np.zeros((0, 3), "uint8"), "no pixels"),
        "line": (np.zeros(5, "uint8"), "(5,)"),
        "five": (np.zeros((1, 1, 2, 2, 3), "uint8"), "(1, 1, 2, 2, 3)"),
        "text": (np.array([["a"]]), ""),
        "time": (np.zeros((2, 2), "datetime64[s]"), ""),
        "record": (np.zeros((2, 2), [("a", "u1")]), ""),
        "large": (np.full((2, 2), 2**53 + 1), "2**53"),
    }
    for name, (values, _) in refused.items():
        np.save(tmp_path / f"{name}.npy", values, allow_pickle=True)
    done = imgconv("filter", "identity", *(f"{name}.npy" for name in refused), "-o", "out/", cwd=tmp_path)
    assert done.code == 1
    *said, sums = done.err.splitlines()
    assert sums == f"imgconv: 0 written, {len(refused)} failed"
    assert len(said) == len(refused), done.err
    for line, (name, (_, word)) in zip(said, refused.items(), strict=True):
        assert line.startswith("imgconv: "), line
        assert word in line, line
        assert f"{name}.npy" in line, line  # of nine files, which one?
    assert not (tmp_path / "sprung").exists()
    assert not (tmp_path / "out").exists()


class Trap:
    """Springs where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return Path.touch, (self.path,)


# ---------------------------------------------------------------- pixel modes


def test_alpha_that_is_kept_is_not_filtered(tmp_path: Path) -> None:
    pixels = noise(6, 7, 4)
    save(tmp_path / "in.png", pixels)
    done = imgconv("filter", "vertical", "--range", "abs", "--alpha", "keep", "in.png", cwd=tmp_path)
    assert done.code == 0, done.err
    assert np.array_equal(
        pixels_of(done.out), np.dstack([clamped(np.abs(correlated(pixels[..., :3], VERTICAL))), pixels[..., 3]])
    )


@pytest.mark.parametrize(
    ("words", "centre"),
    [
        (
            "1;1;1 --divisor 3 --stride 2",
            lambda alpha: alpha[1::2, ::2],
        ),  # SAME_UPPER: 6 rows, windows of 3 centre on 1, 3, 5
        ("1;1;1 --divisor 3 --stride 2 --pad 1,1,0,0", lambda alpha: alpha[0::2, ::2]),
        ("1,0;0,0 --pad valid", lambda alpha: alpha[:-1, :-1]),  # the centre of an even kernel is (e-1)//2
        ("1 --pad 2 --border reflect", lambda alpha: np.pad(alpha, 2, "symmetric")),
        ("1,0,0 --anchor 0,2", lambda alpha: alpha),  # a stated anchor is the centre
    ],
)
def test_alpha_under_the_windows_centre(tmp_path: Path, words: str, centre: Callable[[np.ndarray], np.ndarray]) -> None:
    pixels = noise(6, 7, 4)
    save(tmp_path / "in.png", pixels)
    done = imgconv("filter", *words.split(), "--alpha", "keep", "in.png", cwd=tmp_path)
    assert done.code == 0, done.err
    assert pixels_of(done.out).shape[2] == 4
    assert np.array_equal(pixels_of(done.out)[..., 3], centre(pixels[..., 3]))


def test_stretching_leaves_alpha_out(tmp_path: Path) -> None:
    colour = noise(5, 5, 3) // 4 + 64
    save(tmp_path / "in.png", np.dstack([colour, noise(5, 5, seed=4)]))
    done = imgconv("filter", "identity", "--range", "stretch", "--alpha", "keep", "in.png", cwd=tmp_path)
    assert done.code == 0, done.err
    low, high = int(colour.min()), int(colour.max())
    expected = np.floor((colour - float(low)) * 255 / (high - low) + 0.5)
    assert np.array_equal(pixels_of(done.out), np.dstack([expected, noise(5, 5, seed=4)]))


def test_pooling_pools_alpha(tmp_path: Path) -> None:
    pixels = noise(6, 8, 4)
    save(tmp_path / "in.png", pixels)
    largest = imgconv("pool", "--alpha", "keep", "in.png", cwd=tmp_path)
    assert np.array_equal(pixels_of(largest.out), blocks_max(pixels))
    average = imgconv("pool", "--kind", "avg", "--alpha", "keep", "in.png", cwd=tmp_path)
    blocks = pixels.reshape(3, 2, 4, 2, 4).sum(axis=(1, 3), dtype=int)
    assert np.array_equal(pixels_of(average.out), (blocks + 2) // 4)


def test_modes_that_are_converted(tmp_path: Path) -> None:
    made = {
        "one": Image.fromarray(noise(5, 6)).convert("1"),
        "palette": Image.fromarray(noise(5, 6, 3)).quantize(7),
        "palette-transparent": Image.fromarray(noise(5, 6, 3)).quantize(7),
        "gray-transparent": Image.fromarray(noise(5, 6)),
    }
    modes = {"one": "L", "palette": "RGB", "palette-transparent": "RGBA", "gray-transparent": "LA"}
    for name, image in made.items():
        options: dict[str, Any] = {"transparency": 3} if "transparent" in name else {}
        image.save(tmp_path / f"{name}.png", **options)
    done = imgconv(
        "filter", "identity", *(f"{name}.png" for name in made), "-o", "out/", cwd=tmp_path, env={"IMGCONV_NO_JIT": "1"}
    )
    assert done.code == 0, done.err
    for name, mode in modes.items():
        with Image.open(tmp_path / f"{name}.png") as before, Image.open(tmp_path / "out" / f"{name}.png") as after:
            assert after.mode == mode, name
            assert np.array_equal(np.array(after), np.array(before.convert(mode))), name


def test_no_mode_is_refused_and_no_depth_lost(tmp_path: Path) -> None:
    """What once was refused: alpha beside gray, inks, 16 bits, floats; those that Pillow would halve come back with
    every bit."""
    Image.fromarray(noise(4, 4)).convert("LA").save(tmp_path / "LA.png")
    Image.fromarray(noise(4, 4, 3)).convert("CMYK").save(tmp_path / "CMYK.jpg")
    Image.fromarray(noise(4, 4, dtype="uint16")).save(tmp_path / "I;16.png")
    Image.fromarray(noise(4, 4, dtype="float32")).save(tmp_path / "F.tif")
    deep = {"deep.png": raw_png(2, 2, 16, 2, b"\0" + bytes(range(12)) + b"\0" + bytes(range(12)))}
    deep["deep-alpha.png"] = raw_png(2, 1, 16, 6, b"\0" + bytes(range(16)))
    for name, content in deep.items():
        (tmp_path / name).write_bytes(content)
    done = imgconv(
        "filter",
        "identity",
        "LA.png",
        "CMYK.jpg",
        "I;16.png",
        "F.tif",
        *deep,
        "-o",
        "out/",
        cwd=tmp_path,
        env={"IMGCONV_NO_JIT": "1"},
    )
    assert done.code == 0, done.err
    for line, mode in zip(
        done.err.splitlines()[:-1],
        ("gray + alpha", "CMYK", "gray uint16", "gray float32", "RGB uint16", "RGB + alpha uint16"),
        strict=True,
    ):
        assert mode in line, line
    assert load(tmp_path / "out" / "deep.png").pixels.tobytes() == bytes(b for a in range(12) for b in (a ^ 1,)) * 2
    assert load(tmp_path / "out" / "deep-alpha.png").alpha.tolist() == [[0x0607, 0x0E0F]]


def test_gray_is_pillows(tmp_path: Path) -> None:
    colours = np.stack(np.meshgrid(*[np.arange(0, 256, 15)] * 3), axis=-1).reshape(18 * 18, 18, 3).astype("uint8")
    save(tmp_path / "rgb.png", colours)
    save(tmp_path / "gray.png", GRAY)
    Image.fromarray(COLOUR).quantize(9).save(tmp_path / "p.png")
    done = imgconv("filter", "identity", "--gray", "rgb.png", "gray.png", "p.png", "-o", "out/", cwd=tmp_path)
    assert done.code == 0, done.err
    assert np.array_equal(pixels_of(tmp_path / "out" / "rgb.png"), np.array(Image.fromarray(colours).convert("L")))
    assert np.array_equal(pixels_of(tmp_path / "out" / "gray.png"), GRAY)
    with Image.open(tmp_path / "p.png") as image:
        assert np.array_equal(pixels_of(tmp_path / "out" / "p.png"), np.array(image.convert("RGB").convert("L")))


def test_names_that_are_not_text(here: Path) -> None:
    """A name of bytes that are no UTF-8, and one with a line's end in it: both are files like others."""
    for name in (b"caf\xe9.png", b"two\nlines.png"):
        os.link(here / "in.png", os.path.join(os.fsencode(here), name))
        done = imgconv("filter", "vertical", name, "-o", "out/", cwd=here)
        assert done.code == 0, done.err
        with open(os.path.join(os.fsencode(here), b"out", name), "rb") as file:
            assert np.array_equal(pixels_of(file.read()), EDGES)
