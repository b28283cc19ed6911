"""One verdict for one PNG: whole ones are read, broken ones refused, by every reader, warm or cold."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ImageFile

import imgconv
from imgconv import errors
from imgconv.files import high_depth, read
from imgconv.files.deflate import compress
from imgconv.files.png import reader as png_reader
from tests.command import imgconv as command
from tests.png_files import ADAM7, KINDS, SIZES, STREAMS, Made, Pixels, all_made, attacked, chunk, made

OURS_TOO = [kind for kind in KINDS if kind[0] != 3 and kind[1] >= 8]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`imgconv.load` of a file's bytes, which lie on no disk: there are thousands."""
    held: list[bytes] = []
    monkeypatch.setattr(read, "_opened", lambda *path: io.BytesIO(held[-1]))

    def loaded(content: bytes, **how: Any) -> imgconv.Image:
        held.append(content)
        return imgconv.load("x.png", **how)

    return loaded


@pytest.fixture(params=["as it is", "large"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Small pictures are Pillow's but for 16 bits; those that count as large are ours, if the loop is compiled."""
    if request.param == "large":
        monkeypatch.setattr(high_depth, "_LARGE", 1)
        monkeypatch.setattr(png_reader, "ready", lambda: True)
    return str(request.param)


def joined(image: imgconv.Image) -> Pixels:
    pixels = image.pixels.reshape(*image.pixels.shape[:2], -1)
    return pixels if image.alpha is None else np.dstack([pixels, image.alpha])


def colours(image: imgconv.Image, it: Made) -> Pixels:
    """Without the alpha that comes of a colour key or a palette's."""
    return joined(image)[..., : it.pixels.shape[2]]


def refused(load: Any, content: bytes) -> str:
    """The reason."""
    with pytest.raises(errors.FileError, match=r"x\.png: ") as caught:
        load(content)
    return str(caught.value)


# ---------------------------------------------------------------- whole


@pytest.mark.usefixtures("reader")
def test_whole_files_give_their_pixels(load: Any) -> None:
    for it in all_made(SIZES):
        wholes = [it.file(), it.file(*(bytes([byte]) for byte in it.deflated)), it.file(b"", it.deflated, b"")]
        wholes += [it.file() + bytes(9), *(it.file(zlib.compress(it.rows, level)) for level in (0, 1, 9))]
        wholes += [replace(it, before=(chunk(b"abCd", b"x"),), behind=(chunk(b"tEXt", b"Comment\0x"),)).file()]
        for content in wholes:
            image = load(content)
            assert not [note for note in image.notes if note.loss and note.code != "metadata-dropped"]
            np.testing.assert_array_equal(joined(image), it.pixels, f"{it.colour} {it.depth} {it.interlaced}")


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("window", range(9, 16))
def test_windows_of_every_size_are_read(window: int, load: Any) -> None:
    for kind in KINDS:
        for interlaced in (False, True):
            it = made(kind, (90, 70), interlaced=interlaced)
            deflate = zlib.compressobj(9, zlib.DEFLATED, window)
            np.testing.assert_array_equal(joined(load(it.file(deflate.compress(it.rows) + deflate.flush()))), it.pixels)


@pytest.mark.usefixtures("reader")
def test_transparency_that_is_right_is_read(load: Any) -> None:
    for it in all_made(SIZES):
        if it.colour == 3:
            alpha = np.full(2**it.depth, 255, np.uint8)
            alpha[:1] = 7
            image = load(replace(it, before=(chunk(b"tRNS", b"\7"),)).file())
            assert np.array_equal(joined(image)[..., -1], alpha[it.samples[..., 0]])
        elif it.colour in (0, 2):
            key = it.samples[0, 0].astype(">u2").tobytes()
            image = load(replace(it, before=(chunk(b"tRNS", key),)).file())
            assert image.alpha is not None
            assert np.array_equal(image.alpha == 0, (it.samples == it.samples[0, 0]).all(axis=-1))
            assert np.array_equal(colours(image, it), it.pixels)


@pytest.mark.parametrize("columns", [21, 600])
def test_many_small_chunks_of_a_larger_picture(columns: int, load: Any) -> None:
    """From a mebibyte on ISA-L inflates; Pillow takes rows in blocks of 64 KiB."""
    it = plain_rows(600, columns)
    pieces = [it.deflated[at : at + 100] for at in range(0, len(it.deflated), 100)]
    for content in (it.file(), it.file(*pieces)):
        np.testing.assert_array_equal(joined(load(content)), it.pixels)


def plain_rows(height: int, width: int) -> Made:
    """RGB of 8 bits, a larger one: without filters, which are slow here."""
    smooth = np.cumsum(np.random.default_rng(1).integers(-1, 2, (height, width, 3)), axis=1).astype(np.uint8)
    rows = np.concatenate([np.zeros((height, 1), np.uint8), smooth.reshape(height, -1)], axis=1).tobytes()
    return Made(2, 8, False, smooth, rows)


def test_gray_of_few_bits_is_read_however_large_it_is(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was refused once the loop was compiled, which knows bytes alone."""
    monkeypatch.setattr(png_reader, "ready", lambda: True)
    for depth in (1, 2, 4):
        height, width = 1500, 1400
        row = 1 + width * depth // 8
        it = Made(0, depth, False, np.zeros((height, width, 1), np.uint8), bytes(height * row))
        assert not load(it.file()).pixels.any()


# ---------------------------------------------------------------- broken


@pytest.mark.usefixtures("reader")
def test_whatever_is_broken_is_refused(load: Any) -> None:
    for it in all_made([(9, 6)]):
        for name, content in attacked(it):
            try:
                load(content)
            except errors.FileError:
                continue
            pytest.fail(f"{name}: accepted ({it.colour}, {it.depth}, {it.interlaced})")


@pytest.mark.slow
@pytest.mark.usefixtures("reader")
def test_whatever_is_broken_is_refused_of_every_size(load: Any) -> None:
    for it in all_made([(height, width) for height in range(1, 10) for width in (1, 2, 3, 5, 8, 17)]):
        for name, content in attacked(it):
            try:
                load(content)
            except errors.FileError:
                continue
            pytest.fail(f"{name}: accepted ({it.colour}, {it.depth}, {it.interlaced}, {it.samples.shape})")


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("rows", [600, 1], ids=["isal", "zlib"])
def test_broken_streams_of_larger_pictures_are_refused(rows: int, load: Any) -> None:
    it = plain_rows(rows, 620)
    assert (len(it.rows) >= compress.LARGE) is (rows > 1)
    for name, attack in STREAMS.items():
        assert refused(load, attack(it)), name


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("exponent", range(8))
def test_a_distance_beyond_the_window_is_refused(exponent: int, load: Any) -> None:
    """libpng inflates row by row, so that zlib finds what lies further back than the stream's head promised."""
    noise = np.random.default_rng(3).integers(0, 256, (2, 51, 3)).astype(np.uint8)
    samples = np.concatenate([noise, np.zeros((50, 51, 3), np.uint8), noise])
    it = Made(
        2, 8, False, samples, np.concatenate([np.zeros((54, 1), np.uint8), samples.reshape(54, -1)], axis=1).tobytes()
    )
    head = bytes([exponent << 4 | 8, -(exponent << 12 | 8 << 8) % 31])
    content = it.file(head + zlib.compress(it.rows, 9)[2:])
    if 256 << exponent < 52 * 154:
        assert "damaged" in refused(load, content)
    else:
        np.testing.assert_array_equal(joined(load(content)), it.pixels)


def test_the_process_may_be_lenient_and_the_verdict_is_not(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    for it in (made(kind, (9, 6)) for kind in KINDS):
        for attack in STREAMS.values():
            refused(load, attack(it))


def test_the_reasons_are_said(load: Any, reader: str) -> None:
    it = made((2, 8), (9, 6))
    reasons = {
        "half of its rows": "bytes of pixels are missing",
        "a byte too many": "there are more pixels than the header says",
        "wrong sum": "its compressed pixels are damaged",
        "no sum": "the end of its compressed pixels is missing",
        "bytes behind": "bytes follow the end of its compressed pixels",
        "unknown filter last": "a row has an unknown filter",
    }
    for name, reason in reasons.items():
        said = refused(load, STREAMS[name](it))
        assert f"{reason}); get a whole copy" in said, (reader, said)
        assert "--allow-truncated" in said


# ---------------------------------------------------------------- read as far as it goes


def as_far(load: Any, content: bytes) -> imgconv.Image | None:
    """What is left of a broken file, with a loss that says so; None where nothing is."""
    try:
        image = load(content, allow_truncated=True)
    except errors.FileError:
        return None
    assert [note.code for note in image.notes if note.loss and note.code != "metadata-dropped"] == ["truncated"]
    return image


@pytest.mark.usefixtures("reader")
def test_what_is_left_is_the_same_for_every_reader(load: Any) -> None:
    """Where only what is beside the rows is broken, all of them are left; else each pixel is right or 0."""
    whole = {
        "wrong sum",
        "no sum",
        "no last block",
        "a byte too many",
        "a row too many",
        "bytes behind",
        "twice",
        "unknown method",
        "window too large",
    }
    whole |= {
        "no end",
        "checksum of pixels",
        "checksum of the end",
        "a text among the pixels",
        "transparency: checksum",
        "end before the pixels",
    }
    for it in all_made([(9, 6)]):
        for name, content in attacked(it):
            image = as_far(load, content)
            if name in whole:
                assert image is not None, name
                np.testing.assert_array_equal(colours(image, it), it.pixels, name)
            elif image is not None:
                zero = (
                    np.frombuffer(it.palette, np.uint8)[:3]
                    if it.palette
                    else np.zeros(it.pixels.shape[2], it.pixels.dtype)
                )
                found = colours(image, it)
                assert ((found == it.pixels).all(axis=-1) | (found == zero).all(axis=-1)).all(), name
            else:
                assert not name.startswith(("no s", "a byte too m", "checksum of pixels")), name


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("interlaced", [False, True], ids=["rows", "adam7"])
@pytest.mark.parametrize("kind", OURS_TOO, ids=str)
def test_rows_before_the_damage_are_left(kind: tuple[int, int], interlaced: bool, load: Any) -> None:
    it = made(kind, (16, 9), interlaced=interlaced)
    count = len(it.rows) // 2
    rows = zlib.compressobj(0)
    cut = rows.compress(it.rows[:count]) + rows.flush(zlib.Z_SYNC_FLUSH)
    for deflated in (cut, zlib.compress(it.rows[:count]), cut + b"\7\7\7"):  # cut, short, and damaged from there on
        image = as_far(load, it.file(deflated))
        assert image is not None
        np.testing.assert_array_equal(joined(image), left(it, count))


def left(it: Made, count: int) -> Pixels:
    """The pixels of the rows that are whole among so many bytes."""
    found = np.zeros_like(it.pixels)
    steps = [
        step
        for step in (ADAM7 if it.interlaced else [(0, 0, 1, 1)])
        if step[0] < it.samples.shape[0] and step[1] < it.samples.shape[1]
    ]
    for (top, left_, down, right), (rows, row) in zip(steps, it.passes, strict=True):
        here = min(rows, count // row)
        found[top::down, left_::right][:here] = it.pixels[top::down, left_::right][:here]
        count = max(0, count - rows * row)
    return found


def test_a_picture_of_which_nothing_is_left_is_refused_still(load: Any) -> None:
    it = made((6, 8), (5, 5))
    for content in (it.file(b""), it.start + it.end, it.start, it.file()[:40], it.file().replace(b"IHDR", b"IHDS")):
        with pytest.raises(errors.FileError, match="nothing of it can be read"):
            load(content, allow_truncated=True)


# ---------------------------------------------------------------- animations


def animation(*, number: int = 1, end_first: bool = False) -> bytes:
    """Two frames, the second with a stated number of its pixels' chunk less one; or all behind the end."""
    one, other = made((2, 8), (4, 5)), made((2, 8), (4, 5), seed=1)
    control = [chunk(b"fcTL", struct.pack(">5I2H2B", count, 5, 4, 0, 0, 1, 10, 0, 0)) for count in (0, number)]
    before = (*((one.end,) if end_first else ()), chunk(b"acTL", struct.pack(">II", 2, 0)), control[0])
    return replace(
        one, before=before, behind=(control[1], chunk(b"fdAT", struct.pack(">I", number + 1) + other.deflated))
    ).file()


def test_frames_behind_the_end_are_refused_or_read_but_never_none(load: Any) -> None:
    assert len(load(animation()).frames) == 2
    content = animation(end_first=True)
    assert refused(load, content)
    image = as_far(load, content)
    assert image is not None
    assert len(image.frames) == 2
    late = made((2, 8), (4, 5))
    late = replace(late, before=(chunk(b"acTL", struct.pack(">II", 2, 0)), late.end))
    for broken in (late.file(), late.start + late.ahead, late.start + late.ahead + late.end):
        assert refused(load, broken)
        assert (image := as_far(load, broken)) is None or len(image.frames) == 1


def test_frames_that_are_not_in_order_are_refused(load: Any) -> None:
    assert "not in order" in refused(load, animation(number=2))
    image = as_far(load, animation(number=2))
    assert image is not None
    assert len(image.frames) == 1


@pytest.mark.parametrize("name", STREAMS)
def test_every_frame_is_checked_as_a_picture_is(name: str, load: Any) -> None:
    one, other = made((2, 8), (4, 5)), made((2, 8), (4, 5), seed=1)
    whole = animation()
    found = STREAMS[name](other)
    pieces = b"".join(part[1] for part in _chunks(found) if part[0] == b"IDAT")
    broken = whole.replace(
        chunk(b"fdAT", struct.pack(">I", 2) + other.deflated), chunk(b"fdAT", struct.pack(">I", 2) + pieces)
    )
    assert broken != whole
    assert refused(load, broken)
    image = as_far(load, broken)
    assert image is not None
    np.testing.assert_array_equal(image.frames[0].pixels, one.pixels)


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        found.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


# ---------------------------------------------------------------- icons


def ico(png: bytes) -> bytes:
    return struct.pack("<3H4B2H2I", 0, 1, 1, 32, 32, 0, 0, 1, 32, len(png), 22) + png


def icns(png: bytes) -> bytes:
    return b"icns" + struct.pack(">I", 16 + len(png)) + b"icp5" + struct.pack(">I", 8 + len(png)) + png


@pytest.mark.parametrize("kind", [(2, 8), (3, 8), (6, 8)], ids=str)
@pytest.mark.parametrize("icon", [ico, icns])
def test_pngs_in_icons_are_checked_as_pictures_are(
    icon: Callable[[bytes], bytes], kind: tuple[int, int], load: Any
) -> None:
    it = made(kind, (32, 32))
    np.testing.assert_array_equal(joined(load(icon(it.file()))), it.pixels)
    for name, content in attacked(it):
        try:
            load(icon(content))
        except errors.FileError:
            continue
        pytest.fail(f"{name}: accepted")
    image = as_far(load, icon(STREAMS["half of its rows"](it)))
    assert image is not None
    np.testing.assert_array_equal(joined(image)[:15], it.pixels[:15])


# ---------------------------------------------------------------- the command


def test_the_command_says_the_same_warm_and_cold(tmp_path: Path) -> None:
    """Half of the rows, in a valid stream. Cold, the loop for large pictures is not there, and Pillow reads them."""
    it = plain_rows(1600, 1400)
    (tmp_path / "in.png").write_bytes(it.file(zlib.compress(it.rows[: len(it.rows) // 2], 1)))
    (tmp_path / "file").write_text("no folder can be made here")
    said = set()
    stores = [{"IMGCONV_CACHE_DIR": str(tmp_path / name)} for name in ("file/store", "store")]
    for env in ({}, {"IMGCONV_NO_JIT": "1"}, *stores):
        done = command("filter", "identity", "in.png", "-o", "out.png", "--strict", cwd=tmp_path, env=env)
        assert (done.code, (tmp_path / "out.png").exists()) == (1, False), done.err
        said.add(done.err)
    assert len(said) == 1, said
    assert "bytes of pixels are missing" in said.pop()
    done = command("filter", "identity", "in.png", "-o", "out.png", "--allow-truncated", "--strict", cwd=tmp_path)
    assert (done.code, (tmp_path / "out.png").exists()) == (3, False), done.err
    done = command("filter", "identity", "in.png", "-o", "out.png", "--allow-truncated", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "read as far as it goes" in done.err
    rows = imgconv.load(tmp_path / "out.png").pixels
    assert np.array_equal(rows[:799], it.samples[:799])
    assert not rows[801:].any()
