"""`imgconv view` and `--view`: what a terminal would show is the picture, and nothing goes wrong into a pipe."""

from __future__ import annotations

import re
import termios
from pathlib import Path

import numpy as np
import pytest

from imgconv.cli.terminal import colours
from tests.command import SOBEL_X, VERTICAL, called, clamped, correlated, noise, on_terminal, pixels_of, save
from tests.terminals.emulation import SHOWN, TERMINALS, on, terminal

PLAIN = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "TERM_PROGRAM", "WT_SESSION", "COLUMNS")


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PLAIN:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(tmp_path / "gray.png", noise(40, 64))
    save(tmp_path / "rgb.png", noise(20, 30, 3, seed=1))
    return tmp_path


def seen(*words: str, protocol: str, cwd: Path) -> tuple[np.ndarray, str]:
    """The pixels that a command shows, and the text beneath."""
    done = called(*words, "--protocol", protocol, cwd=cwd)
    assert done.code == 0, done.err
    text = done.out.decode()
    plain = re.sub(r"\x1b(?:_G|\]|P)[^\x1b\a]*(?:\x1b\\|\a)|\x1b\[[\d;]*m", "", text)
    return SHOWN[protocol](text), plain


@pytest.mark.parametrize("protocol", ["kitty", "iterm", "sixel"])
def test_a_picture_is_shown(folder: Path, protocol: str) -> None:
    """Of 64 columns by 40 rows in a room of 640x320: twice as large, which is half of it."""
    shown, text = seen("view", "gray.png", protocol=protocol, cwd=folder)
    pixels = noise(40, 64)
    factor = shown.shape[0] // 40
    assert np.abs(shown[::factor, ::factor, 0].astype(int) - pixels).max() <= (2 if protocol == "sixel" else 0)
    assert shown.shape[:2] == (40 * factor, 64 * factor)
    assert text.strip() == "gray.png: 64x40 gray uint8"


def test_blocks_are_coloured_where_colours_are_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "3")
    shown, _ = seen("view", "rgb.png", "--size", "10x30", protocol="blocks", cwd=folder)
    assert np.array_equal(shown[..., :3], noise(20, 30, 3, seed=1))
    monkeypatch.setenv("NO_COLOR", "1")
    done = called("view", "rgb.png", "--size", "10x30", "--protocol", "blocks", cwd=folder)
    assert b"\x1b" not in done.out
    assert len(done.out.splitlines()) == 11
    assert b"\x1b_G" in called("view", "rgb.png", "--protocol", "kitty", cwd=folder).out, (
        "a picture is no coloured text"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"COLORTERM": "truecolor", "TERM": "xterm"}, 2**24),
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, 2**24),
        ({"TERM": "vt100"}, 0),
        ({"TERM": "dumb"}, 0),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, 0),
    ],
)
def test_colours_are_what_the_terminal_says(
    given: dict[str, str], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert colours() == expected


def test_other_types_are_stretched_with_their_range_beneath(tmp_path: Path) -> None:
    values = np.linspace(-2.5, 7.25, 60 * 100).reshape(60, 100)
    save(tmp_path / "floats.npy", values)
    save(tmp_path / "deep.png", (np.arange(6000).reshape(60, 100) + 1000).astype("uint16"))
    for name, words in (("floats.npy", "-2.5 is black, 7.25 white"), ("deep.png", "1000 is black, 6999 white")):
        shown, text = seen("view", name, protocol="kitty", cwd=tmp_path)
        factor = shown.shape[0] // 60
        assert np.array_equal(shown[::factor, ::factor, 0], np.round(np.linspace(0, 255, 6000)).reshape(60, 100))
        assert words in text


def test_frames_are_a_strip(tmp_path: Path) -> None:
    frames = noise(16, 10, 12)
    save(tmp_path / "stack.npy", frames[..., None].repeat(5, -1))  # channels: side by side
    from PIL import Image

    first, *rest = [Image.fromarray(frame) for frame in noise(15, 10, 12)]
    first.save(tmp_path / "pages.tiff", save_all=True, append_images=rest)
    shown, text = seen("view", "pages.tiff", protocol="kitty", cwd=tmp_path)
    assert "the first 12 frames (--frames all shows all)" in text
    assert shown.shape[:2] == (30, 12 * 36 + 11 * 16), "three times as large, two columns apart"
    for number in range(12):
        assert np.array_equal(shown[::3, number * 52 : number * 52 + 36 : 3, 0], noise(15, 10, 12)[number])
    one, text = seen("view", "pages.tiff", "--frames", "13", protocol="kitty", cwd=tmp_path)
    factor = one.shape[0] // 10
    assert np.array_equal(one[::factor, ::factor, 0], noise(15, 10, 12)[13])
    assert text.strip() == "pages.tiff: 12x10 gray uint8"
    assert "15 frames" in seen("view", "pages.tiff", "--frames", "all", protocol="kitty", cwd=tmp_path)[1]
    assert "5 channels side by side" in seen("view", "stack.npy", protocol="kitty", cwd=tmp_path)[1]


def test_several_files_have_names_and_a_broken_one_ends_no_other(folder: Path) -> None:
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nabc")
    done = called("view", "gray.png", "broken.png", "missing.png", "rgb.png", "--protocol", "sixel", cwd=folder)
    assert done.code == 1
    assert re.findall(rb"^(\w+)\.png: ", done.out, re.M) == [b"gray", b"rgb"]
    assert done.out.count(b"\x1bP") == 2
    assert len(done.err.splitlines()) == 2


def test_histograms_stand_beneath(folder: Path) -> None:
    done = called("view", "rgb.png", "--hist", "--protocol", "kitty", cwd=folder)
    text = done.out.decode()
    pictures = text.split("\x1b_Ga=T")
    assert len(pictures) == 5, "nothing, the picture, three channels"
    for name, channel, part in zip(("red", "green", "blue"), range(3), pictures[2:], strict=True):
        values = noise(20, 30, 3, seed=1)[..., channel]
        assert f"{name}: 0…255 from left to right, mean {values.mean():.4g}" in part
        shown = SHOWN["kitty"]("\x1b_Ga=T" + part)
        bars = (shown[..., :3].max(-1) > 100).sum(0)
        counts = np.bincount(values.reshape(-1), minlength=256)
        assert np.array_equal(bars > 0, counts > 0)
        assert bars.argmax() == counts.argmax()


def test_before_and_after_stand_side_by_side(folder: Path) -> None:
    shown, text = seen("filter", "vertical", "gray.png", "--view", protocol="kitty", cwd=folder)
    factor = shown.shape[0] // 40
    left, right = shown[::factor, : 64 * factor : factor, 0], shown[::factor, -64 * factor :: factor, 0]
    assert np.array_equal(left, noise(40, 64))
    assert np.array_equal(right, clamped(correlated(noise(40, 64), VERTICAL)))
    assert text.splitlines()[-2:] == [
        "before: gray.png, 64x40 gray uint8",
        "after: filter vertical, 64x40 gray uint8",
    ]
    assert sorted(path.name for path in folder.iterdir()) == ["gray.png", "rgb.png"], "only shown"


def test_what_is_viewed_is_written_with_o(folder: Path) -> None:
    words = ("filter", "sobel-x", "gray.png", "--dtype", "int16", "-o", "out.npy", "--view", "--report", "facts.jsonl")
    _, text = seen(*words, protocol="kitty", cwd=folder)
    expected = correlated(noise(40, 64), SOBEL_X)
    assert np.array_equal(np.load(folder / "out.npy"), expected)
    assert f"stretched: {expected.min()} is black, {expected.max()} white" in text
    assert '"output": "out.npy"' in (folder / "facts.jsonl").read_text()


@pytest.mark.parametrize(
    "words",
    [
        ("pool", "max", "2"),
        ("edges", "sobel"),
        ("run", "filter gaussian:1 | maxpool 2"),
    ],
    ids=lambda words: words[0],
)
def test_every_command_has_it(words: tuple[str, ...], folder: Path) -> None:
    done = called(*words, "gray.png", "rgb.png", "--view", "--protocol", "sixel", cwd=folder)
    assert done.code == 0
    assert done.out.count(b"\x1bP") == 2
    assert b"after: " in done.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("view", "gray.png"), "standard output is no terminal"),
        (("filter", "vertical", "gray.png", "--view"), "standard output is no terminal"),
        (("filter", "vertical", "gray.png", "--protocol", "sixel"), "give --view, too"),
        (("filter", "vertical", "gray.png", "--view", "--protocol", "sixel", "-o", "-"), "go to standard output"),
        (("filter", "vertical", "gray.png", "--view", "--protocol", "sixel", "--plan"), "leave out --plan or --view"),
        (("filter", "vertical", "gray.png", "--view", "--protocol", "sixel", "--print"), "leave out --print or --view"),
        (("filter", "vertical", "gray.png", "--view", "--protocol", "sixel", "--format", "png"), "--format has none"),
        (("filter", "vertical", "gray.png", "--view", "--protocol", "sixel", "--recipe"), "--recipe has none"),
        (("view", "gray.png", "--protocol", "regis"), "kitty"),
        (("view", "gray.png", "--protocol", "kitty", "--size", "0"), "size"),
        (("view", "gray.png", "--protocol", "kitty", "--size", "axb"), "size"),
    ],
)
def test_what_cannot_be_shown_is_refused(words: tuple[str, ...], sentence: str, folder: Path) -> None:
    done = called(*words, cwd=folder)
    assert (done.code, done.out) == (2, b"")
    assert sentence in done.err


@pytest.mark.parametrize("name", ["kitty", "xterm"])
def test_a_terminal_is_asked_and_gets_what_it_shows(name: str, folder: Path) -> None:
    """A real command on a pseudo-terminal of its own."""
    with terminal(TERMINALS[name]) as one:
        before = termios.tcgetattr(one.slave)
        code, err = on(one, "view", "gray.png", cwd=folder, env={"TERM": "xterm-256color", "NO_COLOR": ""})
        assert (code, err) == (0, "")
        assert termios.tcgetattr(one.slave) == before
        assert one.left() == b""
    shown = SHOWN["kitty" if name == "kitty" else "sixel"](
        one.seen.decode().split("\x1b[c", 1)[1].replace("\r\n", "\n")
    )
    if name == "kitty":
        factor = shown.shape[0] // 40
        assert np.array_equal(shown[::factor, ::factor, 0], noise(40, 64))
    else:
        assert len(np.unique(shown.reshape(-1, 4), axis=0)) <= 16, "the registers that it states"


def test_a_terminal_that_cannot_be_asked_gets_characters(folder: Path) -> None:
    """It is not the process's own."""
    done = on_terminal("pool", "max", "2", "gray.png", "--view", "-q", cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert b"\x1b[c" not in done.screen
    assert done.screen


def test_the_written_file_is_that_without_view(folder: Path) -> None:
    called("filter", "sharpen", "rgb.png", "-o", "a.png", cwd=folder)
    called("filter", "sharpen", "rgb.png", "-o", "b.png", "--view", "--protocol", "sixel", cwd=folder)
    assert np.array_equal(pixels_of(folder / "a.png"), pixels_of(folder / "b.png"))
