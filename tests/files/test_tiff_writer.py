"""Our TIFF files hold what they were given: by a reader written from the specification, and by Pillow for the modes it
has."""

from __future__ import annotations

import io
import struct
import subprocess
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image as pillow

from imgconv import errors, load, save
from imgconv.files.source import Source
from imgconv.files.tiff import pages as tiff_pages
from imgconv.files.tiff import writer as tiff_writer
from imgconv.files.tiff.writer import Manner
from imgconv.values.image import Frame
from tests.command import imgconv as command
from tests.command import noise
from tests.programs import found

TYPES = ("uint8", "uint16", "int16", "int32", "float32", "float64")
LAYOUTS = ((1, False), (3, False), (1, True), (3, True), (4, False), (5, False))
SIZES = ((1, 1), (1, 17), (23, 1), (211, 307))


def frame(type_: str, channels: int, alpha: bool, size: tuple[int, int] = (211, 307), seed: int = 1) -> Frame:
    rng = np.random.default_rng(seed)
    limits = (0, 1) if type_.startswith("f") else (np.iinfo(type_).min, np.iinfo(type_).max)
    whole = (rng.random((*size, channels + alpha)) * (limits[1] - limits[0]) + limits[0]).astype(type_)
    colour = np.ascontiguousarray(whole[..., :channels])
    return Frame(
        colour[..., 0] if channels == 1 else colour, np.ascontiguousarray(whole[..., channels]) if alpha else None
    )


def encoded(frames: Any, *arguments: Any, **options: Any) -> bytes:
    return b"".join(tiff_writer.encode(frames, frames, *arguments, **options))


def whole(given: Frame) -> Any:
    colour = given.pixels.reshape(*given.pixels.shape[:2], -1)
    return colour if given.alpha is None else np.dstack([colour, given.alpha])


def pages(content: bytes) -> list[tuple[dict[int, tuple[int, ...]], Any]]:
    """(tags with whole numbers, pixels) of every page, by TIFF 6.0, sections 2 and 14."""
    found = []
    order, magic, at = struct.unpack("<2sHI", content[:8])
    assert (order, magic) == (b"II", 42)
    while at:
        assert at % 2 == 0
        (count,) = struct.unpack_from("<H", content, at)
        tags, names = {}, []
        for place in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, n, value = struct.unpack_from("<HHII", content, place)
            names.append(tag)
            code = {3: "H", 4: "I"}.get(kind)
            if code:
                size = n * struct.calcsize(code)
                tags[tag] = struct.unpack_from(f"<{n}{code}", content, place + 8 if size <= 4 else value)
        assert names == sorted(set(names))
        found.append((tags, _pixels(content, tags)))
        (at,) = struct.unpack_from("<I", content, at + 2 + 12 * count)
    return found


def _pixels(content: bytes, tags: dict[int, tuple[int, ...]]) -> Any:
    width, height, samples = tags[256][0], tags[257][0], tags[277][0]
    assert len(tags[258]) == samples
    type_ = np.dtype(f"<{ {1: 'u', 2: 'i', 3: 'f'}[tags[339][0]] }{tags[258][0] // 8}")
    rows = []
    for offset, length in zip(tags[273], tags[279], strict=True):
        part = np.frombuffer(zlib.decompress(content[offset : offset + length]), type_).reshape(-1, width, samples)
        assert len(part) <= tags[278][0]
        rows.append(np.cumsum(part, axis=1, dtype=type_) if tags.get(317) == (2,) else part)
    pixels = np.concatenate(rows)
    assert pixels.shape[0] == height
    return pixels


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_every_type_and_layout_comes_back(type_, layout):
    for size in SIZES:
        given = frame(type_, *layout, size)
        ((tags, found),) = pages(encoded([given], {}))
        assert found.dtype == type_
        np.testing.assert_array_equal(found, whole(given))
        assert tags[262] == ((2,) if layout[0] == 3 else (1,))
        assert tags.get(338, ())[-1:] == ((2,) if layout[1] else (0,) if layout[0] > 3 else ())


def test_pillow_reads_what_it_has_a_mode_for():
    for type_, layout in [("uint8", layout) for layout in LAYOUTS[:4]] + [
        (type_, (1, False)) for type_ in ("uint16", "int32", "float32")
    ]:
        given = frame(type_, *layout)
        with pillow.open(io.BytesIO(encoded([given], {"dpi": (72.5, 300)}))) as image:
            np.testing.assert_array_equal(np.asarray(image).reshape(whole(given).shape), whole(given))
            assert image.info["dpi"] == (72.5, 300)


def test_pages_of_any_size_and_type_follow_each_other():
    given = [frame("uint8", 3, False, (5, 7)), frame("float32", 1, False, (211, 307)), frame("uint16", 3, True, (1, 9))]
    read = pages(encoded(given, {}))
    assert [pixels.shape for _, pixels in read] == [(5, 7, 3), (211, 307, 1), (1, 9, 4)]
    for one, (_, pixels) in zip(given, read, strict=True):
        np.testing.assert_array_equal(pixels, whole(one))


def test_what_channels_mean_is_said():
    assert pages(encoded([frame("uint8", 4, False)], {}, "CMYK"))[0][0][262] == (5,)
    assert pages(encoded([frame("uint8", 3, False)], {}, "LAB"))[0][0][262] == (8,)
    assert 338 not in pages(encoded([frame("uint8", 4, False)], {}, "CMYK"))[0][0]


@pytest.mark.parametrize("level", [0, 1, 3, 6])
def test_every_level_comes_back_and_threads_change_nothing(level):
    given = [frame("uint16", 3, False, (400, 300))]
    one = encoded(given, {}, manner=Manner(level, threads=1))
    assert all(encoded(given, {}, manner=Manner(level, threads=threads)) == one for threads in (2, 5))
    np.testing.assert_array_equal(pages(one)[0][1], whole(given[0]))


@pytest.mark.parametrize("tile", [None, 16, 64])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("layout", [("uint8", 1, False), ("uint16", 3, True), ("float32", 2, False)])
def test_tiles_and_bigtiff_come_back(layout, big, tile, tmp_path):
    """Several pages, EXIF, and sizes that are no multiples of a tile's; by tifffile, and by vips and libtiff's tools
    where they are."""
    exif = pillow.Exif()
    exif[0x010E] = "a picture"
    exif.get_ifd(0x8769)[0x829A] = 0.5
    given = [frame(*layout, (70, 141)), frame(*layout, (16, 15), 2)]
    (tmp_path / "x.tif").write_bytes(encoded(given, {"exif": exif.tobytes()}, manner=Manner(tile=tile, big=big)))
    with tifffile.TiffFile(tmp_path / "x.tif") as file:
        assert file.is_bigtiff == big
        for one, page in zip(given, file.pages, strict=True):
            assert page.is_tiled == (tile is not None)
            assert (page.tilewidth, page.tilelength) == ((tile, tile) if tile else (0, 0))
            np.testing.assert_array_equal(page.asarray().reshape(whole(one).shape), whole(one))
        assert file.pages[0].description == "a picture"
        assert file.pages[1].tags[0x8769].value["ExposureTime"] in (0.5, (1, 2))
    back = load(tmp_path / "x.tif", frames="all")
    assert [each.pixels.tobytes() for each in back.frames] == [each.pixels.tobytes() for each in given]
    if (tool := found("tiffinfo")) is not None:
        done = subprocess.run([tool, "-D", tmp_path / "x.tif"], capture_output=True, text=True, check=True)
        assert "rror" not in done.stdout + done.stderr
    if (vips := found("vips")) is not None:
        subprocess.run([vips, "copy", tmp_path / "x.tif[page=1]", tmp_path / "y.v"], check=True)


def test_what_may_exceed_4_gib_is_a_bigtiff(monkeypatch):
    """Padded tiles count, and what each tile takes."""
    given = [frame("uint8", 1, False, (100, 100))]
    for tile, limit in ((None, 10_000), (256, 65_536), (16, 12_000)):
        monkeypatch.setattr(tiff_writer, "_LARGEST", limit)
        assert encoded(given, {}, manner=Manner(tile=tile))[2] == 43
        monkeypatch.setattr(tiff_writer, "_LARGEST", 2 * limit)
        assert encoded(given, {}, manner=Manner(tile=tile))[2] == 42


@pytest.mark.parametrize("tile", [0, 8, 100, 8192, "x", True])
def test_sides_of_tiles_are_multiples_of_16(tile, tmp_path):
    with pytest.raises(errors.UsageError, match="a multiple of 16 from 16 to 4096"):
        save(np.zeros((4, 4), np.uint8), tmp_path / "x.tif", tile=tile)


class _Counting(io.BytesIO):
    fetched = 0

    def seek(self, at: int, whence: int = 0, /) -> int:
        self.fetched += 1
        return super().seek(at, whence)


def test_pages_are_not_found_by_way_of_all_before_them() -> None:
    fetched = []
    for count in (50, 100):
        stream = _Counting(encoded([frame("uint8", 1, False, (1, 1))] * count, {}, "", Manner(1, threads=1)))
        source = Source("in.tif", stream)
        for number in range(count):
            tiff_pages.exif_of_page(source, number)
            tiff_pages.other_tags(source, number)
        fetched.append(stream.fetched)
    assert fetched[1] < 2.5 * fetched[0]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("type_", ["uint8", "uint16"])
def test_bigtiff_says_what_tiff_says(tmp_path, type_, order):
    """The same pages in both: descriptions go along, reduced versions are no frames, other tags are dropped and
    said."""
    pixels = noise(60, 80, 3).astype(type_)
    for name, big in (("small", False), ("big", True)):
        with tifffile.TiffWriter(tmp_path / f"{name}.tif", bigtiff=big, byteorder=order) as file:
            more = [(33550, "d", 3, (1.0, 1.0, 0.0), False), (315, "s", 0, "its maker", False)]
            file.write(
                pixels,
                photometric="rgb",
                description="a picture",
                resolution=(300, 150),
                resolutionunit="inch",
                extratags=more,
                metadata=None,
            )
            file.write(pixels[::2, ::2], photometric="rgb", subfiletype=1, metadata=None)
    small, big = (
        command("filter", "identity", f"{name}.tif", "-o", "out.tif", cwd=tmp_path).err.replace(name, "")
        for name in ("small", "big")
    )
    assert small == big
    assert "TIFF tag 33550 dropped" in big
    assert "1 reduced version of pages left out" in big
    with pillow.open(tmp_path / "out.tif") if type_ == "uint8" else tifffile.TiffFile(tmp_path / "out.tif") as found:
        if type_ == "uint8":
            assert (found.n_frames, found.tag_v2[270], found.tag_v2[315], found.info["dpi"]) == (
                1,
                "a picture",
                "its maker",
                (300, 150),
            )
        else:
            assert (len(found.pages), found.pages[0].description, found.pages[0].tags[315].value) == (
                1,
                "a picture",
                "its maker",
            )
            np.testing.assert_array_equal(found.asarray(), pixels)


def test_directories_that_claim_anything_are_read_as_far_as_they_are_there(tmp_path):
    """Counts and offsets of 64 bits that lead nowhere: a sentence at most, and no time."""
    pixels = noise(20, 30, 3)
    tifffile.imwrite(tmp_path / "x.tif", pixels, bigtiff=True, photometric="rgb", metadata=None)
    whole = (tmp_path / "x.tif").read_bytes()
    for at in (8, int.from_bytes(whole[8:16], "little"), int.from_bytes(whole[8:16], "little") + 8 + 20 * 3 + 4):
        (tmp_path / "y.tif").write_bytes(whole[:at] + b"\xff" * 8 + whole[at + 8 :])
        done = command("filter", "identity", "y.tif", "-o", "out.npy", cwd=tmp_path, timeout=20)
        assert done.code in (0, 1)
        assert done.err.count("\n") == 1


@pytest.mark.parametrize("order", "<>")
def test_bigtiff_that_is_cut_within_its_fields_is_refused(tmp_path, order):
    """What is missing may be what the pixels mean."""
    tifffile.imwrite(
        tmp_path / "x.tif",
        noise(20, 30, 3),
        bigtiff=True,
        byteorder=order,
        photometric="rgb",
        metadata=None,
        software=" " * 99,
    )
    content = (tmp_path / "x.tif").read_bytes()
    at = int.from_bytes(content[8:16], "little" if order == "<" else "big")
    assert (
        at < content.index(b" " * 98) < content.index(noise(20, 30, 3).tobytes())
    )  # the fields stand before the pixels
    moved = (
        content[:8]
        + (len(content)).to_bytes(8, "little" if order == "<" else "big")
        + content[16:]
        + content[at : at + 8 + 20 * 9]
    )
    (tmp_path / "y.tif").write_bytes(moved)
    done = command("filter", "identity", "y.tif", "-o", "out.npy", cwd=tmp_path)
    assert (done.code, done.err.count("\n")) == (1, 1), done.err


def test_a_file_is_held_once_while_it_is_made():
    """Noise in floats hardly shrinks: strips, the file and a copy of it would be three times the pixels."""
    given = Frame(np.random.default_rng(0).random((1500, 1000), dtype=np.float32))
    encoded([given], {})
    tracemalloc.start()
    pieces = list(tiff_writer.encode([given], [given], {}, manner=Manner(threads=1)))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(map(len, pieces)) > 0.8 * given.pixels.nbytes
    assert most < 1.3 * given.pixels.nbytes
