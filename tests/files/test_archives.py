"""Archives of arrays: what they say of their sizes is not believed, and what is compressed is unpacked no further than
it is needed."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.files import archives, read
from imgconv.files.options import Reading
from imgconv.kernels.catalog import read_all
from tests.command import noise, save
from tests.measured import measured, refused

METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}
COMPRESSED = ["deflate", "bzip2", "lzma"]


def head(shape: tuple[int, ...], descr: str = "|u1") -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": descr, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def archive(path: Path, method: str, start: bytes, zeros: int = 0, name: str = "a.npy") -> Path:
    """One member: a start and so many million zeros."""
    with zipfile.ZipFile(path, "w", METHODS[method]) as made, made.open(name, "w", force_zip64=True) as member:
        member.write(start)
        for _ in range(zeros):
            member.write(bytes(10**6))
    return path


def array(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, pixels)
    return stream.getvalue()


# ---------------------------------------------------------------- whole ones


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_compression_gives_what_numpy_reads(tmp_path: Path, method: str, order: str) -> None:
    rng = np.random.default_rng(3)
    for values in (
        rng.integers(0, 256, (3, 5)).astype("uint8"),
        rng.normal(size=(101, 203, 3)).astype(">f4"),
        np.zeros((900, 1200), "int16"),
    ):
        pixels = np.asarray(values, order=order)  # type: ignore[call-overload]
        archive(tmp_path / "x.npz", method, array(pixels))
        with np.load(tmp_path / "x.npz") as back:
            assert np.array_equal(back["a"], pixels)
        assert np.array_equal(imgconv.load(tmp_path / "x.npz").pixels, pixels)


@pytest.mark.parametrize("method", METHODS)
def test_kernels_of_every_compression(tmp_path: Path, method: str) -> None:
    weights = np.arange(-12, 13).reshape(5, 5) / 4
    archive(tmp_path / "k.npz", method, array(weights))
    (kernel,) = read_all(tmp_path / "k.npz")
    assert np.array_equal(np.array(kernel.weights, float), weights)


@pytest.mark.parametrize("method", METHODS)
def test_pieces_of_any_size_are_the_content(tmp_path: Path, method: str) -> None:
    content = noise(2**18).tobytes() + bytes(2**21)
    with open(archive(tmp_path / "x.npz", method, content), "rb") as file:
        made = archives.directory(file)
        for size in (1000, 2**16, 2**24):
            with archives.unpacked(made, made.infolist()[0]) as member:
                found = b""
                while piece := member.read(size):
                    found += piece
                assert found == content
                assert member.tell() == len(content)


# ---------------------------------------------------------------- those that say other than they hold


@pytest.fixture(scope="module", params=[*COMPRESSED[:2], pytest.param("lzma", marks=pytest.mark.slow)])
def bombs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a hundred pixels, before or in which 70 MB of zeros lie; and an image to be filtered."""
    folder = tmp_path_factory.mktemp("bombs")
    archive(folder / "after.npz", request.param, head((10, 10)) + bytes(100), 70)
    archive(folder / "header.npz", "deflate", b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**26), 66)
    save(folder / "in.png", noise(8, 8))
    return folder


@pytest.mark.parametrize("plan", [False, True], ids=["run", "plan"])
def test_headers_and_what_follows_are_not_unpacked(bombs: Path, plan: bool) -> None:
    words = ("--plan",) if plan else ("-o", "o.npy")
    refused(
        measured("filter", "identity", "after.npz", *words, cwd=bombs),
        "after.npz",
        "70000000 bytes follow",
        code=1,
        peak=90,
    )
    refused(
        measured("filter", "identity", "header.npz", *words, cwd=bombs),
        "header.npz",
        "10000 are the most",
        code=1,
        peak=90,
    )


def test_members_are_no_kernels_of_a_gigabyte(bombs: Path) -> None:
    refused(measured("filter", "after.npz", "in.png", "-o", "o.png", cwd=bombs), "larger than 64 MiB", code=2, peak=90)
    refused(measured("filter", "header.npz", "in.png", "-o", "o.png", cwd=bombs), "10000 are the most", code=2, peak=90)


def test_stacks_have_a_bound_of_their_own(tmp_path: Path) -> None:
    archive(tmp_path / "k.npz", "deflate", head((1000, 100, 100)), 10)
    assert len(read_all(f"{tmp_path / 'k.npz'}[3..5]")) == 3
    with pytest.raises(errors.UsageError, match="10000000 or more weights together"):
        read_all(f"{tmp_path / 'k.npz'}[*]")


def test_headers_of_arrays_are_not_read_whole(tmp_path: Path) -> None:
    with open(tmp_path / "x.npy", "wb") as file:
        file.write(b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31 - 1))
        file.truncate(2**31 + 11)  # holes, no bytes on the disk
    refused(
        measured("filter", "identity", "x.npy", "-o", "o.npy", cwd=tmp_path), "10000 are the most", code=1, peak=100
    )
    (tmp_path / "k.npy").write_bytes(b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**25) + bytes(2**25))
    with pytest.raises(errors.UsageError, match=r"no whole \.npy .*10000 are the most"):
        read_all(tmp_path / "k.npy")


def test_a_directory_has_a_bound(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as made:
        made.writestr("a.npy", array(noise(3, 3)))
    content = bytearray((tmp_path / "x.npz").read_bytes())
    at = content.rindex(b"PK\x05\x06")
    entry = bytes(content[content.rindex(b"PK\x01\x02") : at])
    made = content[: content.rindex(b"PK\x01\x02")] + entry * 100_000
    made += (
        content[at : at + 8]
        + struct.pack("<HHII", 65535, 65535, 100_000 * len(entry), content.rindex(b"PK\x01\x02"))
        + b"\0\0"
    )
    (tmp_path / "x.npz").write_bytes(made)
    with pytest.raises(errors.FileError, match="a directory of more than 4 MiB"):
        imgconv.load(tmp_path / "x.npz")
    with pytest.raises(errors.UsageError, match="a directory of more than 4 MiB"):
        read_all(tmp_path / "x.npz")


def test_a_dictionary_is_no_larger_than_the_content(tmp_path: Path) -> None:
    """LZMA takes memory for all of the dictionary that it is told of: here 4 GiB for a hundred pixels."""
    pixels = noise(10, 10)
    content = bytearray(archive(tmp_path / "x.npz", "lzma", array(pixels)).read_bytes())
    at = (
        content.index(b"a.npy") + len("a.npy") + int.from_bytes(content[28:30], "little") + 5
    )  # behind the version, the length, and lc, lp and pb
    content[at : at + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "x.npz").write_bytes(content)
    assert np.array_equal(imgconv.load(tmp_path / "x.npz").pixels, pixels)
    done = measured("filter", "identity", "x.npz", "-o", "o.npy", cwd=tmp_path)
    assert (done.code, done.peak < 150) == (0, True), done


@pytest.mark.parametrize("method", METHODS)
def test_every_spoilt_byte_is_refused_or_harmless(tmp_path: Path, method: str) -> None:
    pixels = noise(6, 7)
    content = archive(tmp_path / "x.npz", method, array(pixels)).read_bytes()
    outcomes = set()
    for at in range(0, len(content), 3):
        (tmp_path / "x.npz").write_bytes(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
        try:
            outcomes.add(np.array_equal(imgconv.load(tmp_path / "x.npz").pixels, pixels))
        except (errors.FileError, errors.PixelError):
            outcomes.add(None)
    assert outcomes <= {None, True}
    assert None in outcomes


@pytest.mark.parametrize("method", METHODS)
def test_members_that_end_early(tmp_path: Path, method: str) -> None:
    """The directory says more than there is: of the packed bytes, or of what they unpack to."""
    content = bytearray(archive(tmp_path / "x.npz", method, head((40, 50))[:-1] + b"\n" + bytes(1000)).read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", len(head((40, 50))) + 2000)
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(errors.FileError, match=r"1000 bytes are missing|CRC"):
        imgconv.load(tmp_path / "x.npz")


def test_files_that_may_be_damaged_are_not_read_beyond_the_limit(tmp_path: Path) -> None:
    with open(tmp_path / "x.npy", "wb") as file:
        file.write(head((10, 10)) + bytes(100))
        file.truncate(10**9)
    done = measured(
        "filter", "identity", "x.npy", "--allow-truncated", "--max-memory", "50M", "-o", "o.npy", cwd=tmp_path
    )
    refused(done, "more than 47.7 MiB", code=1, peak=170)


def test_what_is_missing_of_an_array_takes_its_own_memory_only(tmp_path: Path) -> None:
    """A cut file that may be read as far as it goes: the array, and no second copy of it."""
    (tmp_path / "x.npy").write_bytes(head((6000, 10_000)) + bytes(1000))
    image = read.header(str(tmp_path / "x.npy"), Reading(allow_truncated=True)).load()
    assert image.pixels.shape == (6000, 10_000)
    assert [note.code for note in image.notes] == ["truncated"]
    done = measured("pool", "x.npy", "--size", "1000", "--allow-truncated", "-q", "-o", "o.npy", cwd=tmp_path)
    assert (done.code, done.peak < 150) == (0, True), done
