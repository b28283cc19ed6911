"""What happens to pixels of each layout in each format: tried, by writing a picture and reading it again."""

import tempfile
from pathlib import Path

import numpy as np

import imgconv
from imgconv import errors
from imgconv.api.image import Image
from imgconv.files import conversions
from imgconv.files.formats import FORMATS, Format
from imgconv.files.modes import DEEP, LAYOUTS
from imgconv.files.options import Writing
from imgconv.values.image import Frame
from imgconv.values.layout import Layout

HELD = [*(LAYOUTS | DEEP).values(), Layout(5)]
HELD.sort(
    key=lambda layout: (
        ["uint8", "uint16", "int16", "int32", "float32", "float64"].index(layout.type),
        layout.colour,
        layout.channels,
        layout.alpha,
    )
)
SAME, NEAR, REFUSED = "=", "≈", ""
SIZE = (24, 32)


def picture(layout: Layout) -> Image:
    """Smooth pixels that use all of an integer type's bits, non-negative, so that each conversion has something to do
    and can succeed."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    most = 1.0 if layout.type.startswith("float") else min(np.iinfo(layout.type).max, 65535)
    planes = [most * (0.5 + 0.5 * np.sin((x * (2 + i) + y * 3) / 40 + i)) for i in range(layout.channels)]
    pixels = np.dstack(planes).astype(layout.type)
    alpha = np.where(x < 20, most, 0).astype(layout.type) if layout.alpha else None
    return Image((Frame(pixels[..., 0] if layout.channels == 1 else pixels, alpha),), colour=layout.colour)


def refused(image: Image, path: Path, form: Format) -> str:
    """Saves, without loss if the format has a way; the refusal if there is one."""
    try:
        imgconv.save(image, path, form.name, lossless=form.lossless == "asked")
    except errors.FileError as error:
        return str(error)
    return ""


def happens(layout: Layout, name: str, folder: str) -> str:
    """What comes back: the same, nearly the same, the layout it became, or nothing, for it was refused."""
    given, path, form = picture(layout), Path(folder, f"x{FORMATS[name].suffixes[0]}"), FORMATS[name]
    refusal = refused(given, path, form)
    if refusal:
        assert name not in refusal.split("formats that can: ")[1].split(", "), refusal
        return REFUSED
    back = imgconv.load(path)
    assert [note for note in back.notes if note.loss] == []
    if (
        back.layout == layout
        and np.array_equal(back.pixels, given.pixels)
        and (not layout.alpha or np.array_equal(back.alpha, given.alpha))
    ):
        return SAME
    converted = [note.code for note in conversions.convert(given, form, Writing()).notes]
    if back.layout == layout:
        seen = slice(None) if given.alpha is None else given.alpha > 0
        difference = np.abs(back.pixels.astype(float) - given.pixels)[seen].max()
        assert difference <= 16, (layout, name, difference)
        return NEAR
    exact = layout.channels == 1 and (
        np.array_equal(back.pixels, np.dstack([given.pixels] * 3)) or np.array_equal(back.pixels, given.pixels)
    )
    assert exact or converted or back.layout.channels == layout.channels + layout.alpha or form.lossless == "never", (
        layout,
        name,
    )
    return f"{SAME if exact else ''} {back.layout.words}".strip()


def table() -> tuple[list[str], list[list[str]]]:
    """Heads and rows: a format a row, a layout a column would be too wide; so a layout a row, and formats that treat
    all alike share a column."""
    with tempfile.TemporaryDirectory() as folder:
        columns = {name: tuple(happens(layout, name, folder) for layout in HELD) for name in FORMATS}
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, column in columns.items():
        alike.setdefault(column, []).append(name)
    return ["pixels", *(", ".join(names) for names in alike.values())], [
        [layout.words, *cells] for layout, *cells in zip(HELD, *alike, strict=True)
    ]
