"""Frames and pages: each filtered alone, as a viewer shows it; chosen, kept with their times, held or refused; by
readers other than ours."""

from __future__ import annotations

import io
import itertools
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as pillow
from PIL import features

import imgconv
from imgconv import errors
from imgconv.api.image import Image
from imgconv.files import atomic, frames, write
from imgconv.files.formats import FORMATS
from imgconv.files.gif import writer as gif_writer
from imgconv.files.options import CHOICE_OF_FRAMES
from imgconv.files.png import apng_writer
from imgconv.files.png.chunks import chunk
from imgconv.values.image import Frame
from tests.command import imgconv as command
from tests.command import noise

DURATIONS = [40, 50, 60, 70, 80]
PIPELINE = imgconv.Pipeline.parse("filter sobel-x | maxpool 2")


def moving(count: int = 5, size: tuple[int, int] = (24, 34), colours: int = 6, pause: bool = False) -> list[np.ndarray]:
    """Pictures in a few colours whose parts change; with a `pause` the last two are the same, which Pillow would
    merge."""
    rng = np.random.default_rng(7)
    palette = rng.integers(0, 256, (colours, 3), dtype=np.uint8)
    found = [palette[rng.integers(0, colours, size)]]
    for k in range(1, count):
        found.append(found[-1].copy())
        if k < count - 1 or not pause:
            found[-1][2 * k : 2 * k + 5, 3 : 20 + k] = palette[k % colours]
    return found


def stored(tmp_path: Path, form: str, given: list[np.ndarray], **options) -> Path:
    path = tmp_path / f"in.{form}"
    first, *rest = map(pillow.fromarray, given)
    more = {"webp": {"lossless": True}, "tiff": {"compression": "tiff_adobe_deflate"}, "gif": {"optimize": False}}.get(
        form, {}
    )
    first.save(
        path,
        save_all=True,
        append_images=rest,
        **({} if form == "tiff" else {"duration": DURATIONS[: len(given)], "loop": 3}),
        **more,
        **options,
    )
    return path


def shown(content: bytes | Path) -> tuple[list[np.ndarray], list[float | None], dict]:
    """Every frame as Pillow composes it, as RGBA; how long each is shown; what the file says."""
    with pillow.open(io.BytesIO(content) if isinstance(content, bytes) else content) as image:
        pictures, durations = [], []
        for k in range(getattr(image, "n_frames", 1)):
            image.seek(k)
            image.load()
            pictures.append(np.array(image.convert("RGBA")))
            durations.append(image.info.get("duration"))
        return pictures, durations, dict(image.info)


def rgba(frame: Frame) -> np.ndarray:
    colour = frame.pixels if frame.pixels.ndim == 3 else np.repeat(frame.pixels[..., None], 3, axis=2)
    return np.dstack([colour, np.full(colour.shape[:2], 255, np.uint8) if frame.alpha is None else frame.alpha])


def encoded(image: Image, form: str) -> bytes:
    return b"".join(write.encoded(image, FORMATS[form], f"out.{form}"))


def codes(image: Image, form: str) -> list[str]:
    return [note.code for note in write.fitted(image, FORMATS[form]).notes]


# ---------------------------------------------------------------- each frame alone


@pytest.mark.parametrize("form", ["gif", "png", "webp", "tiff"])
def test_a_frame_of_the_result_is_the_result_of_that_frame_alone(tmp_path, form):
    path = stored(tmp_path, form, moving(colours=3))
    together = imgconv.load(path).through(PIPELINE)
    alone, _, _ = shown(path)
    assert len(together.frames) == len(alone) > 2
    for frame, picture in zip(together.frames, alone, strict=True):
        np.testing.assert_array_equal(frame.pixels, imgconv.run(picture[..., :3], PIPELINE))


@pytest.mark.parametrize("target", ["gif", "png", "webp", "tiff", "npy"])
@pytest.mark.parametrize("source", ["gif", "png", "webp", "tiff"])
def test_frames_durations_and_plays_go_along(tmp_path, source, target):
    image = imgconv.load(stored(tmp_path, source, moving(colours=3)[:4]))
    result = tmp_path / f"out.{target}"
    imgconv.save(image.through(imgconv.Pipeline.parse("filter identity")), result)
    if target in ("npy", "tiff"):
        assert ("timing-dropped" in codes(image, target)) == (source != "tiff")
    if target == "npy":
        assert np.load(result).shape[:3] == (4, 24, 34)
        return
    pictures, durations, info = shown(result)
    assert len(pictures) == 4
    if target != "webp":  # which is lossy unless told otherwise
        for picture, expected in zip(pictures, moving(colours=3)[:4], strict=True):
            np.testing.assert_array_equal(picture[..., :3], expected)
    if target != "tiff":
        assert durations == ([1000] * 4 if source == "tiff" else DURATIONS[:4])
        plays = 1 if source == "tiff" else 4 if source == "gif" else 3  # GIF counts repetitions
        assert info.get("loop", 0) == (plays - 1 if target == "gif" else plays)


def test_stretching_takes_the_ends_of_all_frames(tmp_path):
    dark, light = (np.full((6, 7), value, np.uint8) for value in (10, 110))
    dark[0, 0], light[0, 0] = 0, 200
    result = imgconv.load(stored(tmp_path, "png", [dark, light])).through(
        imgconv.Pipeline.parse("filter identity"), range="stretch"
    )
    assert [int(frame.pixels.max()) for frame in result.frames] == [13, 255]
    assert [int(frame.pixels.min()) for frame in result.frames] == [0, 140]


# ---------------------------------------------------------------- composition, by the specifications


def _over(below: np.ndarray, above: np.ndarray) -> np.ndarray:
    """APNG's blend_op OVER (PNG specification, 12 and 13.16), with floats."""
    a, b = above[..., 3:] / 255, below[..., 3:] / 255
    alpha = a + b * (1 - a)
    colour = np.divide(
        above[..., :3] * a + below[..., :3] * b * (1 - a), alpha, out=np.zeros(above[..., :3].shape), where=alpha > 0
    )
    return np.dstack([colour, alpha * 255])


@pytest.mark.parametrize("blend", [0, 1])
@pytest.mark.parametrize("disposal", [0, 1, 2])
def test_apng_is_composed_by_its_specification(tmp_path, disposal, blend):
    rng = np.random.default_rng(3)
    alphas = [0, 60, 180, 255]
    size, box = (9, 11), (slice(2, 7), slice(3, 9))
    parts = [
        np.dstack([rng.integers(0, 256, (*s, 3)), rng.choice(alphas, s)]).astype(np.uint8)
        for s in (size, (5, 6), (5, 6))
    ]
    file = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 11, 9, 8, 6, 0, 0, 0))
        + chunk(b"acTL", struct.pack(">II", 3, 0))
    )
    number = 0
    for i, part in enumerate(parts):
        height, width = part.shape[:2]
        place_ = (0, 0) if i == 0 else (3, 2)
        file += chunk(
            b"fcTL",
            struct.pack(">5I2H2B", number, width, height, *place_, 1, 10, disposal if i else 0, blend if i else 0),
        )
        data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in part))
        file += chunk(b"IDAT", data) if i == 0 else chunk(b"fdAT", struct.pack(">I", number + 1) + data)
        number += 1 if i == 0 else 2
    (tmp_path / "in.png").write_bytes(file + chunk(b"IEND", b""))

    canvas, expected = parts[0].astype(float), [parts[0]]
    for part in parts[1:]:
        before = canvas.copy()
        canvas = canvas.copy()
        canvas[box] = _over(canvas[box], part) if blend else part
        expected.append(canvas := np.round(canvas))
        canvas = before if disposal == 2 else canvas
        if disposal == 1:
            canvas = canvas.copy()
            canvas[box] = 0
    loaded = imgconv.load(tmp_path / "in.png")
    for frame, picture in zip(loaded.frames, expected, strict=True):
        seen = picture[..., 3] > 0
        np.testing.assert_allclose(frame.alpha, picture[..., 3], atol=1)  # what is kept between frames is rounded
        np.testing.assert_allclose(frame.pixels[seen], picture[..., :3][seen], atol=2)


@pytest.mark.parametrize("disposal", [0, 1, 2, 3])
def test_gif_is_composed_by_its_specification(tmp_path, disposal):
    rng = np.random.default_rng(4)
    palette = rng.integers(0, 256, (256, 3), dtype=np.uint8)
    size, box, clear = (10, 12), (slice(2, 8), slice(1, 10)), 255
    parts = [rng.integers(0, 8, size, dtype=np.uint8)] + [
        rng.choice(np.array([1, 2, 3, clear], np.uint8), (6, 9)) for _ in range(3)
    ]
    file = b"GIF89a" + struct.pack("<HHBBB", 12, 10, 0xF7, 0, 0) + palette.tobytes()
    for i, part in enumerate(parts):
        flags = (disposal if i else 1) << 2 | (i > 0)
        file += b"!\xf9\x04" + struct.pack("<BHBB", flags, 5, clear if i else 0, 0)
        file += (
            b","
            + struct.pack("<HHHHB", *((1, 2) if i else (0, 0)), part.shape[1], part.shape[0], 0)
            + gif_writer._coded(part)
        )
    (tmp_path / "in.gif").write_bytes(file + b";")
    canvas, expected = np.dstack([palette[parts[0]], np.full(size, 255)]), []
    expected.append(canvas)
    for part in parts[1:]:
        before, canvas = canvas.copy(), canvas.copy()
        canvas[box] = np.where(
            (part == clear)[..., None], canvas[box], np.dstack([palette[part], np.full(part.shape, 255)])
        )
        expected.append(canvas)
        canvas = before if disposal == 3 else canvas.copy()
        if disposal == 2:
            canvas[box] = 0
    loaded = imgconv.load(tmp_path / "in.gif")
    assert len(loaded.frames) == 4
    for frame, picture in zip(loaded.frames, expected, strict=True):
        made = rgba(frame)
        seen = picture[..., 3] > 0
        np.testing.assert_array_equal(made[..., 3] > 0, seen)
        np.testing.assert_array_equal(made[seen], picture[seen])


# ---------------------------------------------------------------- which frames


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("first", [0]),
        ("all", [0, 1, 2, 3, 4]),
        ("0", [0]),
        ("-1", [4]),
        ("2", [2]),
        ("1:3", [1, 2]),
        ("3:", [3, 4]),
        (":2", [0, 1]),
        ("-2:", [3, 4]),
        ("2:99", [2, 3, 4]),
    ],
)
def test_frames_are_chosen_as_python_counts(tmp_path, text, expected):
    value = CHOICE_OF_FRAMES.read(text)
    assert CHOICE_OF_FRAMES.read(CHOICE_OF_FRAMES.text(value)) == value
    assert list(frames.chosen(value, 5, "x")) == expected
    path = stored(tmp_path, "png", moving())
    chosen = imgconv.load(path, frames=text).frames
    for frame, number in zip(chosen, expected, strict=True):
        np.testing.assert_array_equal(frame.pixels, moving()[number])


def test_frames_as_python_values(tmp_path):
    path = stored(tmp_path, "png", moving())
    for value, count in ((2, 1), (-1, 1), ((1, None), 4), (slice(1, 3), 2), (np.int64(3), 1), ("all", 5)):
        assert len(imgconv.load(path, frames=value).frames) == count
    for value in ("", "x", "1:2:3", 1.5, True, slice(0, 4, 2), "1.5", (1, 2, 3)):
        with pytest.raises(errors.UsageError, match="frames"):
            imgconv.load(path, frames=value)
    with pytest.raises(errors.FileError, match="no frame 5; its 5 frames are counted from 0 to 4"):
        imgconv.load(path, frames=5)
    with pytest.raises(errors.FileError, match="no frame -6"):
        imgconv.load(path, frames=-6)
    with pytest.raises(errors.FileError, match="3:2 leaves none"):
        imgconv.load(path, frames="3:2")


def test_one_chosen_frame_is_a_still_picture(tmp_path):
    image = imgconv.load(stored(tmp_path, "gif", moving()), frames=1)
    assert image.frames[0].duration is None
    assert "loop" not in image.metadata
    assert codes(image, "jpeg") == []


# ---------------------------------------------------------------- formats that hold one frame


def test_a_named_file_of_a_format_for_one_frame_is_refused(tmp_path):
    stored(tmp_path, "gif", moving())
    done = command("filter", "identity", "in.gif", "-o", "out.jpg", cwd=tmp_path)
    assert done.code == 1
    assert (
        "JPEG holds one frame and there are 5; formats that hold several: png, tiff, webp, avif, gif, ppm, pgm,"
        " npz, npy, zarr; or --frames first" in done.err
    )
    assert not (tmp_path / "out.jpg").exists()
    assert command("filter", "identity", "in.gif", "--frames", "first", "-o", "out.jpg", cwd=tmp_path).code == 0


def test_names_of_ours_become_numbered_files(tmp_path):
    stored(tmp_path, "gif", moving())
    done = command("filter", "sobel-x", "in.gif", "--frames", "1:4", "--format", "bmp", "-o", "out/", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "-> out/in-001.bmp … in-003.bmp: 3 frames" in done.err
    assert "durations and loop count dropped" in done.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["in-001.bmp", "in-002.bmp", "in-003.bmp"]
    for number in (1, 2, 3):
        made = np.array(pillow.open(tmp_path / "out" / f"in-00{number}.bmp"))
        np.testing.assert_array_equal(made, imgconv.correlate(moving()[number], "sobel-x"))
    again = command("filter", "sobel-x", "in.gif", "--frames", "1:4", "--format", "bmp", "-o", "out/", cwd=tmp_path)
    assert again.code == 1
    assert "in-001.bmp: exists already" in again.err
    assert (
        command("filter", "sobel-x", "in.gif", "--format", "bmp", "-o", "out/", "--overwrite", cwd=tmp_path).code == 0
    )
    assert len(list((tmp_path / "out").iterdir())) == 5


def test_a_picture_before_an_animation_gets_a_numbered_file_too(tmp_path):
    first, *rest = map(pillow.fromarray, moving())
    first.save(tmp_path / "in.png", save_all=True, append_images=rest, default_image=True, duration=50)
    done = command("filter", "identity", "in.png", "--format", "bmp", "-o", "out/", cwd=tmp_path)
    assert done.code == 0, done.err
    for number, picture in enumerate(moving()):
        np.testing.assert_array_equal(np.array(pillow.open(tmp_path / "out" / f"in-00{number}.bmp")), picture)


def test_numbered_files_never_meet_others(tmp_path):
    stored(tmp_path, "gif", moving())
    pillow.fromarray(moving()[0]).save(tmp_path / "in-002.bmp")
    done = command("filter", "identity", "in.gif", "in-002.bmp", "--format", "bmp", "-o", "out/", cwd=tmp_path)
    assert done.code != 0
    assert "out/in-002.bmp" in done.err
    np.testing.assert_array_equal(np.array(pillow.open(tmp_path / "out" / "in-002.bmp")), moving()[0])
    assert not (tmp_path / "out" / "in-001.bmp").exists()


def test_strict_writes_none_of_the_files(tmp_path):
    stored(tmp_path, "gif", moving())
    done = command("filter", "identity", "in.gif", "--format", "bmp", "-o", "out/", "--strict", cwd=tmp_path)
    assert done.code == 3
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


# ---------------------------------------------------------------- pages


def test_pages_keep_their_sizes_types_and_numbers(tmp_path):
    pages = [noise(10, 12, 3), noise(7, 5), np.linspace(-5, 5, 99, dtype=np.float32).reshape(9, 11), noise(20, 30, 3)]
    given = Image(tuple(map(Frame, pages)))
    atomic.write(str(tmp_path / "in.tif"), [encoded(given, "tiff")])
    done = command("filter", "sobel-x", "in.tif", "-o", "out.tif", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "4 frames, the first 12x10 RGB" in done.err
    result = imgconv.load(tmp_path / "out.tif")
    assert [frame.pixels.dtype for frame in result.frames] == [np.uint8, np.uint8, np.float32, np.uint8]
    for frame, page in zip(result.frames, pages, strict=True):
        np.testing.assert_array_equal(frame.pixels, imgconv.correlate(page, "sobel-x"))
    refused = command("filter", "sobel-x", "in.tif", "-o", "out.png", cwd=tmp_path)
    assert refused.code == 1
    assert (
        "frames of PNG must be alike, and these are 12x10 and 5x7; tiff holds pages of any size, --frames N takes one"
        in refused.err
    )
    done = command("filter", "sobel-x", "in.tif", "--frames", "1::", "-o", "x.tif", cwd=tmp_path)
    assert done.code == 2
    small = command("pool", "in.tif", "--size", "8", "-o", "y.tif", cwd=tmp_path)
    assert small.code == 1
    assert "does not fit" in small.err


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(
    ("page", "inside", "codes"),
    [
        (0, 1, {"overviews-dropped": False}),
        (0, 0, {"frames-dropped": True}),
        (1, 1, {"overviews-dropped": False}),
        (1, 0, None),
    ],
)
def test_what_is_inside_a_page_is_spoken_of(tmp_path, big, page, inside, codes):
    """Pyramids keep reduced versions there; cameras' raw files keep the picture itself, and a preview where others have
    the picture."""
    with tifffile.TiffWriter(tmp_path / "x.tif", bigtiff=big) as file:
        file.write(noise(8, 9, 3), photometric="rgb", subifds=2, subfiletype=page, metadata=None)
        for _ in range(2):
            file.write(noise(16, 18, 3), photometric="rgb", subfiletype=inside, metadata=None)
    if codes is None:
        with pytest.raises(errors.FileError, match="holds a preview and, inside it, the picture itself"):
            imgconv.load(tmp_path / "x.tif")
    else:
        image = imgconv.load(tmp_path / "x.tif")
        assert image.pixels.shape == (8, 9, 3)
        assert {note.code: note.loss for note in image.notes} == codes


def test_reduced_versions_and_masks_are_no_pages(tmp_path):
    stream = io.BytesIO()
    first, small, mask = (pillow.fromarray(noise(*size)) for size in ((8, 9), (4, 5), (8, 9)))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    mask.encoderinfo = {"tiffinfo": {254: 4}}
    first.save(stream, "TIFF", save_all=True, append_images=[small, mask, first])
    (tmp_path / "in.tif").write_bytes(stream.getvalue())
    image = imgconv.load(tmp_path / "in.tif")
    assert [frame.pixels.shape for frame in image.frames] == [(8, 9), (8, 9)]
    assert {note.code: note.loss for note in image.notes} == {"overviews-dropped": False, "frames-dropped": True}


def test_previews_of_cameras_are_no_frames(tmp_path):
    first, second = (pillow.fromarray(noise(*size, 3)) for size in ((16, 24), (8, 8)))
    first.save(tmp_path / "in.jpg", "MPO", save_all=True, append_images=[second])
    image = imgconv.load(tmp_path / "in.jpg")
    assert len(image.frames) == 1
    assert [note.text for note in image.notes] == ["1 further picture left out (previews, views or maps; --frames all)"]
    assert image.format == "jpeg"  # so that a camera's JPEG has a place in an output folder
    assert imgconv.load(tmp_path / "in.jpg", frames=1).pixels.shape == (8, 8, 3)


def test_npy_of_four_dimensions_is_frames(tmp_path):
    given = noise(3, 6, 7, 2)
    np.save(tmp_path / "in.npy", given)
    image = imgconv.load(tmp_path / "in.npy")
    assert len(image.frames) == 3
    done = command("filter", "vertical", "in.npy", "-o", "out.npy", cwd=tmp_path)
    assert done.code == 0, done.err
    for made, page in zip(np.load(tmp_path / "out.npy"), given, strict=True):
        np.testing.assert_array_equal(made, imgconv.correlate(page, "vertical"))
    assert command("filter", "vertical", "in.npy", "--frames", "-1", "-o", "last.npy", cwd=tmp_path).code == 0
    assert np.load(tmp_path / "last.npy").shape == (6, 7, 2)


@pytest.mark.parametrize("form", ["gif", "png", "webp", "avif", "tiff"])
@pytest.mark.parametrize("count", [1, 3])
def test_one_channel_of_an_array_is_gray(tmp_path, form, count):
    stack = np.stack([noise(8, 9, seed=i) for i in range(count)])
    np.save(tmp_path / "in.npy", stack[..., None])
    done = command("filter", "identity", "in.npy", "-o", f"out.{form}", cwd=tmp_path)
    assert done.code == 0, done.err
    found = imgconv.load(tmp_path / f"out.{form}")
    assert len(found.frames) == count
    if form in ("gif", "png", "tiff"):
        for frame, expected in zip(found.frames, stack, strict=True):
            np.testing.assert_array_equal(frame.pixels.squeeze(), expected)


def test_frames_count_in_memory_and_can_be_limited(tmp_path):
    np.save(tmp_path / "in.npy", np.zeros((50, 100, 100, 1), np.uint8))
    for words in (("--max-frames", "49"), ("--max-memory", "400kB")):
        done = command("filter", "vertical", "in.npy", *words, "-o", "out.npy", cwd=tmp_path)
        assert done.code == 1, words
        assert words[0] in done.err
    assert (
        command(
            "filter", "vertical", "in.npy", "--max-frames", "5", "--frames", "2:7", "-o", "out.npy", cwd=tmp_path
        ).code
        == 0
    )


# ---------------------------------------------------------------- our animations


def animation(alpha: bool, gray: bool, levels: tuple[int, ...] = (0, 255)) -> list[Frame]:
    rng = np.random.default_rng(9)
    made = []
    for picture, duration in zip(moving(pause=True), DURATIONS, strict=True):
        pixels = picture[..., 0] if gray else picture
        made.append(
            Frame(pixels, rng.choice(np.array(levels, np.uint8), pixels.shape[:2]) if alpha else None, float(duration))
        )
    return made


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("form", ["png", "gif"])
def test_what_we_write_is_shown_as_it_was(form, alpha, gray):
    given = animation(alpha, gray)
    pictures, durations, _ = shown(encoded(Image(tuple(given), metadata={"loop": 0}), form))
    assert durations == DURATIONS
    for picture, frame in zip(pictures, given, strict=True):
        expected = rgba(frame)
        seen = expected[..., 3] > 0
        np.testing.assert_array_equal(picture[..., 3], expected[..., 3])
        np.testing.assert_array_equal(picture[seen], expected[seen])


@pytest.mark.parametrize("plays", [0, 1, 2, 7])
@pytest.mark.parametrize("form", ["png", "gif", "webp"])
def test_plays_come_back(tmp_path, form, plays):
    content = encoded(Image(tuple(animation(False, False)[:3]), metadata={"loop": plays}), form)
    (tmp_path / "a").write_bytes(content)
    assert imgconv.load(tmp_path / "a").metadata["loop"] == plays


def test_frames_after_the_first_hold_what_has_changed():
    still, moved = noise(200, 300, 3), noise(200, 300, 3)
    changed = moved.copy()
    changed[50:60, 70:90] = 0
    assert frames.changed(Frame(moved), Frame(changed)) == (slice(50, 60), slice(70, 90))
    assert frames.changed(Frame(still), Frame(still.copy())) == (slice(0, 1), slice(0, 1))
    one, two = (len(encoded(Image((Frame(moved), *more)), "png")) for more in ((), (Frame(changed),)))
    assert two < one * 1.05


@pytest.mark.parametrize("type_", ["uint8", "uint16"])
def test_any_number_of_threads_gives_the_same_animation(type_):
    given = [Frame(noise(300, 400, 3, seed=k, dtype=type_), None, 40.0) for k in range(3)]
    one = list(apng_writer.encode(given, len(given), {}, threads=1))
    assert all(list(apng_writer.encode(given, len(given), {}, threads=threads)) == one for threads in (2, 7))


@pytest.mark.skipif(shutil.which("pngcheck") is None, reason="pngcheck is not installed")
def test_pngcheck_finds_nothing_wrong(tmp_path):
    for number, (alpha, gray) in enumerate(itertools.product((False, True), repeat=2)):
        (tmp_path / f"{number}.png").write_bytes(encoded(Image(tuple(animation(alpha, gray))), "png"))
    done = subprocess.run(
        ["pngcheck", *sorted(map(str, tmp_path.glob("*.png")))], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("form", ["png", "gif"])
def test_ffmpeg_shows_the_same(tmp_path, form):
    given = animation(False, False)
    (tmp_path / f"a.{form}").write_bytes(encoded(Image(tuple(given)), form))
    words = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(tmp_path / f"a.{form}"),
        "-fps_mode",
        "passthrough",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
    ]
    done = subprocess.run(words, capture_output=True, check=True)
    np.testing.assert_array_equal(
        np.frombuffer(done.stdout, np.uint8).reshape(-1, 24, 34, 3), [frame.pixels for frame in given]
    )


def test_a_picture_for_viewers_without_animation_stays_one(tmp_path):
    given = moving()
    first, *rest = map(pillow.fromarray, given)
    first.save(tmp_path / "in.png", save_all=True, append_images=rest, default_image=True, duration=50)
    image = imgconv.load(tmp_path / "in.png")
    assert image.metadata["default_image"] is True
    content = encoded(image, "png")
    with pillow.open(io.BytesIO(content)) as again:
        assert again.default_image
        assert again.n_frames == 5
    pictures, _, _ = shown(content)
    for picture, expected in zip(pictures, given, strict=True):
        np.testing.assert_array_equal(picture[..., :3], expected)
    assert codes(image, "gif")[0] == "frames-dropped"
    assert len(shown(encoded(image, "gif"))[0]) == 4


@pytest.mark.parametrize("duration", [0, 10, 1000 / 30, 12.345, 65535, 70000, 1e9])
def test_delays_are_fractions_of_sixteen_bits(duration):
    numerator, denominator = frames.delay(duration)
    assert 0 <= numerator < 2**16
    assert 0 < denominator < 2**16
    assert 1000 * numerator / denominator == pytest.approx(min(duration, 65535_000), rel=1e-4)


# ---------------------------------------------------------------- what GIF loses


def test_colours_beyond_256_are_reduced_and_said():
    image = Image((Frame(noise(40, 50, 3)),))
    fitted = write.fitted(image, FORMATS["gif"])
    assert [(note.code, note.loss) for note in fitted.notes] == [("palette-reduced", True)]
    assert len(np.unique(fitted.pixels.reshape(-1, 3), axis=0)) <= 256
    assert np.abs(fitted.pixels.astype(int) - image.pixels).mean() < 16
    (picture,), _, _ = shown(encoded(image, "gif"))
    np.testing.assert_array_equal(picture[..., :3], fitted.pixels)


def test_gray_and_few_colours_fit_exactly():
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert codes(Image((Frame(gray),)), "gif") == []
    with pillow.open(io.BytesIO(encoded(Image((Frame(gray),)), "gif"))) as image:
        assert image.mode == "L"
        np.testing.assert_array_equal(np.array(image), gray)
    assert codes(Image((Frame(moving()[0]),)), "gif") == []


def test_alpha_between_on_and_off_is_said():
    assert codes(Image(tuple(animation(True, False, (0, 127, 128, 255)))), "gif") == ["flattened"]
    assert codes(Image(tuple(animation(True, False, (255,)))), "gif") == []
    made = write.fitted(Image(tuple(animation(True, False, (0, 127, 128, 255)))), FORMATS["gif"])
    assert {value for frame in made.frames for value in np.unique(frame.alpha)} == {0, 255}


def test_durations_that_gif_rounds_are_said():
    image = Image(tuple(Frame(picture, None, 33.3) for picture in moving()))
    assert codes(image, "gif") == ["timing-dropped"]
    assert shown(encoded(image, "gif"))[1] == [30] * 5
    assert codes(image, "png") == []


@pytest.mark.parametrize(
    "pixels",
    [noise(4, 5).astype(np.uint16), noise(4, 5, 4), noise(4, 5).astype(np.float32)],
    ids=["uint16", "channels", "float"],
)
def test_what_gif_cannot_hold_is_refused(pixels):
    with pytest.raises(errors.FileError, match="GIF cannot hold"):
        encoded(Image((Frame(pixels),)), "gif")


def test_frames_that_webp_merges_are_said():
    image = Image(tuple(animation(False, False)))
    assert [(note.code, note.loss) for note in write.fitted(image, FORMATS["webp"]).notes] == [("frames-merged", False)]
    pictures, durations, _ = shown(encoded(image, "webp"))
    assert len(pictures) == 4
    assert sum(durations) == sum(DURATIONS)


def test_plans_count_frames(tmp_path):
    stored(tmp_path, "gif", moving())
    assert "; for each of 5 frames" in command("filter", "box:3", "in.gif", "--plan", cwd=tmp_path).out.decode()
    assert (
        "frames" not in command("filter", "box:3", "in.gif", "--plan", "--frames", "first", cwd=tmp_path).out.decode()
    )


@pytest.mark.skipif(not features.check("avif"), reason="Pillow has no AVIF here")
def test_avif_keeps_frames_and_durations_and_says_that_plays_are_lost(tmp_path):
    image = Image(tuple(animation(False, False)), metadata={"loop": 2})
    assert codes(image, "avif") == ["timing-dropped"]
    (tmp_path / "a.avif").write_bytes(encoded(image, "avif"))
    again = imgconv.load(tmp_path / "a.avif")
    assert [frame.duration for frame in again.frames] == DURATIONS
    assert again.metadata["loop"] == 0


def test_a_file_of_frames_may_be_called_apng(tmp_path):
    pillow.fromarray(np.zeros((3, 4), np.uint8)).save(
        tmp_path / "in.png", save_all=True, append_images=[pillow.fromarray(np.full((3, 4), 9, np.uint8))]
    )
    done = command("filter", "identity", "in.png", "-o", "out.apng", cwd=tmp_path)
    assert done.code == 0, done.err
    assert (tmp_path / "out.apng").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(imgconv.load(tmp_path / "out.apng").frames) == 2
