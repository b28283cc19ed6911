"""Our TIFF files hold what they were given: by a reader written from the specification, and by Pillow for the modes it
has."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image as pillow

from imgconv.files.source import Source
from imgconv.files.tiff import pages as tiff_pages
from imgconv.files.tiff import writer as tiff_writer
from imgconv.values.image import Frame
from tests.command import imgconv as command
from tests.command import noise

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


def encoded(*arguments: Any, **options: Any) -> bytes:
    return b"".join(tiff_writer.encode(*arguments, **options))


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
    found = pages(encoded(given, {}))
    assert [pixels.shape for _, pixels in found] == [(5, 7, 3), (211, 307, 1), (1, 9, 4)]
    for one, (_, pixels) in zip(given, found, strict=True):
        np.testing.assert_array_equal(pixels, whole(one))


def test_what_channels_mean_is_said():
    assert pages(encoded([frame("uint8", 4, False)], {}, "CMYK"))[0][0][262] == (5,)
    assert pages(encoded([frame("uint8", 3, False)], {}, "LAB"))[0][0][262] == (8,)
    assert 338 not in pages(encoded([frame("uint8", 4, False)], {}, "CMYK"))[0][0]


@pytest.mark.parametrize("level", [0, 1, 3, 6])
def test_every_level_comes_back_and_threads_change_nothing(level):
    given = [frame("uint16", 3, False, (400, 300))]
    one = encoded(given, {}, level=level, threads=1)
    assert all(encoded(given, {}, level=level, threads=threads) == one for threads in (2, 5))
    np.testing.assert_array_equal(pages(one)[0][1], whole(given[0]))


class _Counting(io.BytesIO):
    fetched = 0

    def seek(self, at: int, whence: int = 0, /) -> int:
        self.fetched += 1
        return super().seek(at, whence)


def test_pages_are_not_found_by_way_of_all_before_them() -> None:
    fetched = []
    for count in (50, 100):
        stream = _Counting(encoded([frame("uint8", 1, False, (1, 1))] * count, {}, "", 1, 1))
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
    pieces = tiff_writer.encode([given], {}, threads=1)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(map(len, pieces)) > 0.8 * given.pixels.nbytes
    assert most < 1.3 * given.pixels.nbytes
