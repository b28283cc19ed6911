"""JPEG files are whole or refused: what libjpeg fills up with zeros and only warns of is found. What is whole gives
Pillow's pixels."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import imgconv
from imgconv import errors
from imgconv.files.jpeg import reader
from imgconv.files.jpeg.scans import scans
from tests.command import imgconv as command
from tests.command import noise, pixels_of

END, FILLER = b"\xff\xd9", 16
"""The end marker; and the bytes of a file's last blocks that may be missing unseen: those that libjpeg looks ahead, and
a code."""
HEIGHT, WIDTH = 60, 90
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "fine": {"quality": 97, "subsampling": 0},
    "optimized": {"optimize": True},
    "progressive": {"progressive": True},
    "rows": {"restart_marker_rows": 1},
    "pieces": {"restart_marker_blocks": 3},
    "progressive-pieces": {"progressive": True, "restart_marker_blocks": 3},
}


def picture(mode: str = "RGB", height: int = HEIGHT, width: int = WIDTH) -> Image.Image:
    steps = noise(height, width, 3).astype(int) % 9 - 4
    return Image.fromarray((128 + np.cumsum(steps, axis=1)).clip(0, 255).astype("uint8")).convert(mode)


def jpeg(image: Image.Image | None = None, **options: Any) -> bytes:
    stream = io.BytesIO()
    (image or picture()).save(stream, "JPEG", **options)
    return stream.getvalue()


def loaded(folder: Path, content: bytes, **options: Any) -> imgconv.Image:
    path = folder / "in.jpg"
    path.write_bytes(content)
    return imgconv.load(path, **options)


def pieces(content: bytes) -> list[bytes]:
    """What is coded between restart markers in a file of one scan, the first with the head before it, the last with
    what follows."""
    (scan,) = scans(content)
    starts = [0, *(end + 2 for end in scan.ends[:-1])]
    return [content[start:end] for start, end in zip(starts, [*scan.ends[:-1], len(content)], strict=True)]


def joined(parts: list[bytes], numbers: list[int]) -> bytes:
    return b"".join(
        part + (b"" if number < 0 else bytes([0xFF, 0xD0 + number]))
        for part, number in zip(parts, [*numbers, -1], strict=True)
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_whole_files_give_pillows_pixels(tmp_path: Path, mode: str, kind: str) -> None:
    for size in ((HEIGHT, WIDTH), (1, 1), (8, 8), (17, 33)):
        content = jpeg(picture(mode, *size), **KINDS[kind])
        found = loaded(tmp_path, content)
        assert found.notes == ()
        assert np.array_equal(found.pixels, pixels_of(content))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_whole_files_are_decoded_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, kind: str) -> None:
    monkeypatch.setattr(reader, "load", None)
    for subsampling in (0, 1, 2):
        content = jpeg(picture(mode), **{"subsampling": subsampling} | KINDS[kind])
        assert np.array_equal(loaded(tmp_path, content).pixels, pixels_of(content))


@pytest.mark.parametrize("seed", range(3))
def test_spoilt_files_have_one_verdict_in_one_call_and_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    def verdict() -> tuple[object, ...]:
        try:
            image = loaded(tmp_path, bytes(content))
        except errors.FileError:
            return ()
        return image.pixels.shape, image.pixels.tobytes(), [note.code for note in image.notes]

    random, at_once, read = np.random.default_rng(seed), reader.decoded, 0
    for _ in range(50):
        content = bytearray(jpeg(picture(height=24, width=40), **KINDS[str(random.choice([*KINDS]))]))
        at, count = int(random.integers(2, len(content))), int(random.integers(1, 12))
        content[at : at + count] = [b"", random.bytes(1), random.bytes(2 * count)][random.integers(3)]
        monkeypatch.setattr(reader, "decoded", at_once)
        found = verdict()
        monkeypatch.setattr(reader, "decoded", lambda source, image: None)
        assert found == verdict()
        read += bool(found)
    assert read


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_anywhere_is_refused_though_its_end_is_put_behind(tmp_path: Path, kind: str) -> None:
    content = jpeg(**KINDS[kind])
    coded = scans(content)
    for at in range(content.index(b"\xff\xda") + 14, len(content) - 2 - FILLER, 7):
        try:
            notes = [note.code for note in loaded(tmp_path, content[:at] + END).notes]
        except errors.FileError:
            continue
        assert notes == ["detail-missing"]
        assert any(
            -FILLER <= at - scan.ends[-1] <= 400 for scan in coded[:-1]
        )  # between two scans, or in the head of one


def test_a_flat_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    """A block takes six bits here: bytes that are missing hold many."""
    content = jpeg(Image.new("L", (400, 300), 70))
    for at in range(len(content) - 200, len(content) - 2, 3):
        with pytest.raises(errors.FileError, match="coded pixels are missing"):
            loaded(tmp_path, content[:at] + END)


def test_the_command_refuses_or_says_what_it_could_not_read(tmp_path: Path) -> None:
    content = jpeg()
    (tmp_path / "in.jpg").write_bytes(content[: (content.index(b"\xff\xda") + len(content)) // 2] + END)
    done = command("filter", "identity", "in.jpg", "-o", "out.png", cwd=tmp_path)
    sentence = (
        "in.jpg: broken or cut short (coded pixels are missing); get a whole copy (--allow-truncated reads what is"
        " there)"
    )
    assert (done.code, done.err) == (1, f"imgconv: {sentence}\n")
    done = command("filter", "identity", "in.jpg", "-o", "out.png", "--allow-truncated", cwd=tmp_path)
    assert (done.code, "read as far as it goes" in done.err) == (0, True), done.err
    assert np.array_equal(pixels_of(tmp_path / "out.png")[:8], pixels_of(content)[:8])
    done = command("filter", "identity", "in.jpg", "-o", "out.png", "--allow-truncated", "--strict", cwd=tmp_path)
    assert done.code == 3


def test_restart_intervals_are_counted_and_in_turn(tmp_path: Path) -> None:
    parts = pieces(jpeg(restart_marker_blocks=1))
    count = len(parts) - 1
    turns = [number % 8 for number in range(count)]
    assert loaded(tmp_path, joined(parts, turns)).notes == ()
    broken = {
        "one is missing": joined(parts[:5] + parts[6:], turns[:5] + turns[6:]),
        "one is missing and the others are in turn": joined(parts[:5] + parts[6:], turns[:-1]),
        "eight are missing, and nobody sees it at the turns": joined(parts[:5] + parts[13:], turns[:5] + turns[13:]),
        "two have changed places": joined(parts, [*turns[:3], turns[4], turns[3], *turns[5:]]),
        "one is twice there": joined([*parts[:5], parts[4], *parts[5:]], [number % 8 for number in range(count + 1)]),
        "one is cut short": joined([*parts[:5], parts[5][:-6], *parts[6:]], turns),
        "one is empty": joined([*parts[:5], b"", *parts[6:]], turns),
    }
    for content in broken.values():
        with pytest.raises(errors.FileError, match="broken or cut short"):
            loaded(tmp_path, content)


def test_bytes_that_decoders_pass_over_are_no_harm(tmp_path: Path) -> None:
    content = jpeg(restart_marker_blocks=3)
    parts = pieces(content)
    turns = [number % 8 for number in range(len(parts) - 1)]
    harmless = {
        "fill bytes before the end marker": content[:-2] + b"\xff\xff\xff" + END,
        "fill bytes before a restart marker": joined([parts[0] + b"\xff\xff", *parts[1:]], turns),
        "a restart marker behind the last interval": content[:-2] + bytes([0xFF, 0xD0 + len(turns) % 8]) + END,
        "zeros before the end marker": content[:-2] + bytes(40) + END,
        "anything behind the end": content + b"anything \xff\xd8\xff\xda\0\0",
    }
    for what, changed in harmless.items():
        assert np.array_equal(loaded(tmp_path, changed).pixels, pixels_of(content)), what


def test_more_than_the_pixels_is_coded(tmp_path: Path) -> None:
    """So it ends where a byte before it was wrong, and the rest was decoded from the wrong place."""
    content = jpeg()
    for extra in (noise(40).tobytes().replace(b"\xff", b"\0"), content[-200:-2]):
        with pytest.raises(errors.FileError, match="more is coded than its pixels"):
            loaded(tmp_path, content[:-2] + extra + END)


def test_a_progressive_file_without_its_last_scans_says_so(tmp_path: Path) -> None:
    """The format allows it (T.81, G.1.1.1), so it is read; but the same happens to a file that is cut between two
    scans."""
    content = jpeg(progressive=True)
    coded = scans(content)
    for scan in coded[1:-1]:
        found = loaded(tmp_path, content[: scan.ends[-1]] + END)
        assert [(note.code, note.loss) for note in found.notes] == [("detail-missing", True)]
    done = command("filter", "identity", "in.jpg", "-o", "out.png", "--strict", cwd=tmp_path)
    assert done.code == 3
    first = content.index(b"\xff\xda")
    without = content[:first] + content[coded[0].ends[-1] :]
    with pytest.raises(errors.FileError, match="nothing is coded of 3 of its 3 components"):
        loaded(tmp_path, without)


def test_pictures_in_an_mpo_are_looked_at_too(tmp_path: Path) -> None:
    stream = io.BytesIO()
    picture().save(stream, "MPO", save_all=True, append_images=[picture("RGB", 40, 50)])
    content = stream.getvalue()
    path = tmp_path / "in.mpo"
    path.write_bytes(content)
    assert imgconv.load(path, frames="all").notes == ()
    path.write_bytes(content[:-60] + END)
    imgconv.load(path)  # the first is whole
    with pytest.raises(errors.FileError, match="coded pixels are missing"):
        imgconv.load(path, frames="all")
    first = content.index(END) - 30
    path.write_bytes(content[: first - 40] + END + content[first + 32 - 30 :])
    with pytest.raises(errors.FileError, match="broken or cut short"):
        imgconv.load(path)


def test_large_files_are_read_in_several_pieces(tmp_path: Path) -> None:
    values = np.random.default_rng(3).integers(0, 256, (1400, 1300), dtype=np.uint8)
    content = jpeg(Image.fromarray(values), quality=98)
    assert len(content) > 2**20
    assert np.array_equal(loaded(tmp_path, content).pixels, pixels_of(content))
    with pytest.raises(errors.FileError, match="coded pixels are missing"):
        loaded(tmp_path, content[:-200] + END)
