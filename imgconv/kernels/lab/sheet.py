"""The page of all named kernels: what each makes of one picture, with its weights and its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv.kernels.catalog import kernel as as_kernel
from imgconv.kernels.kernel import Kernel
from imgconv.kernels.lab.draw import GRAY, INK, LINE, Canvas, text_width, weights_picture
from imgconv.kernels.named import MODULES, rows
from imgconv.operations import Filter
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import record

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

    from imgconv.api.image import Image

ACROSS, SIDE, TALLEST = 8, 280, 372
"""Pictures in a row, and how wide and at most how high each is."""
MARGIN, GAP, LABEL, HEADING = 70, 18, 44, 64
TITLE, WORDS, SWATCH = 40, 22, 30
LEVEL, BRIGHTEST = 128, 127.0
TYPICAL, FAINTEST = 98, 0.15
"""White is a response that so many of a hundred do not reach, but no less than that share of the greatest."""
_NEARLY = 0.05  # of the sum of magnitudes: a Gabor's sum is not quite 0


@record
class Tile:
    """One picture of a sheet: a kernel and its name."""

    name: str
    kernel: Kernel


def tiles() -> dict[str, list[Tile]]:
    """Every named kernel by family, with each of its directions or numbers where it has a few, else with typical
    arguments."""
    return {
        family: [Tile(name, as_kernel(name)) for row in rows(family) for name in row.examples] for family in MODULES
    }


def sheet(picture: Image | None = None) -> Picture:
    """Every named kernel applied to a picture, labelled, on one page of about A4's proportions.

    Kernels meet the picture at the size in which it is shown. Results of kernels that sum to 0 (but for a few
    hundredths) are gray, from the picture's luma: gray where they are 0, white and black where they are strong, each by
    its own measure. Others keep the colours and are clamped.

    Parameters
    ----------
    picture : Image, optional
        Gray or RGB of any pixel type (other than 8 bits are stretched), its alpha is ignored. None draws a picture.

    Returns
    -------
    PIL.Image.Image, RGB

    Raises
    ------
    PixelError
        For other than gray or RGB.
    """
    pixels = _shown(picture)
    height = pixels.shape[0]
    families = tiles()
    row_height = height + LABEL
    lines = sum(-(-len(family_tiles) // ACROSS) for family_tiles in families.values())
    head = MARGIN + max(height, 150) + 10
    page = Canvas(
        2 * MARGIN + ACROSS * SIDE + (ACROSS - 1) * GAP, head + HEADING * len(families) + lines * row_height + MARGIN
    )
    _title(page, pixels)
    top = head
    for family, family_tiles in families.items():
        page.text((MARGIN, top + HEADING - 20), family, 26, INK, "ls")
        page.line([(MARGIN, top + HEADING - 10), (page.size[0] - MARGIN, top + HEADING - 10)])
        top += HEADING
        for place, tile in enumerate(family_tiles):
            left = MARGIN + place % ACROSS * (SIDE + GAP)
            _drawn(page, tile, pixels, left, top + place // ACROSS * row_height)
        top += -(-len(family_tiles) // ACROSS) * row_height
    return page.picture


def _title(page: Canvas, pixels: NDArray[Any]) -> None:
    height, width = pixels.shape[:2]
    page.exact(pixels, MARGIN, MARGIN - 10)
    page.box(MARGIN - 1, MARGIN - 11, width + 2, height + 2)
    left = MARGIN + width + 36
    page.text((left, MARGIN - 10), "Kernels", TITLE + 12)
    for line, words in enumerate(
        (
            "What each named kernel of imgconv makes of the picture on the left, at this size.",
            (
                "Kernels that sum to 0 are shown in gray: gray is 0, white a strong response above it, black one below."
                " Others are clamped."
            ),
            "Squares are the weights: red above 0, blue below. Compass directions are those of the bright side.",
        )
    ):
        page.text((left, MARGIN + 62 + 32 * line), words, WORDS, GRAY)


def _drawn(page: Canvas, tile: Tile, pixels: NDArray[Any], left: int, top: int) -> None:
    height, width = pixels.shape[:2]
    page.exact(response(pixels, tile.kernel), left + (SIDE - width) // 2, top)
    page.box(left + (SIDE - width) // 2, top, width, height)
    rows_, columns = tile.kernel.shape
    cell = SWATCH / max(rows_, columns)
    across, down = max(2, round(cell * columns)), max(2, round(cell * rows_))
    base = top + height + 6
    page.image(weights_picture(tile.kernel), left, base + (SWATCH - down) // 2, across, down)
    page.box(left, base + (SWATCH - down) / 2, across, down, edge=LINE)
    room = SIDE - SWATCH - 10
    size = min(WORDS, WORDS * room / text_width(tile.name, WORDS))
    page.text((left + SWATCH + 10, base + SWATCH / 2), tile.name, size, INK, "lm")


def response(pixels: NDArray[Any], kernel: Kernel) -> NDArray[Any]:
    """What a kernel makes of pixels (H, W, 3) uint8, as it is shown: (H, W) or (H, W, 3) uint8."""
    import numpy as np

    from imgconv.api.image import Image
    from imgconv.values.image import Frame

    image = Image((Frame(pixels.astype(np.float32)),))
    total, magnitudes = _sum(kernel), _sum(kernel, abs)
    signed = not kernel.bias and abs(total) < _NEARLY * magnitudes
    result = (image.gray() if signed else image).through(Pipeline((Filter(kernel),))).pixels
    if signed:
        strengths = np.abs(result)
        level = (
            magnitudes / 2 / abs(float(kernel.divisor)) or 1.0
        )  # the response to a step of one: weaker responses are not amplified
        most = max(float(np.percentile(strengths, TYPICAL)), FAINTEST * float(strengths.max()), level)
        return np.clip(np.rint(LEVEL + BRIGHTEST * result / most), 0, 255).astype(np.uint8)
    share = max(1.0, total / float(kernel.divisor))
    return np.clip(np.rint(result / share), 0, 255).astype(np.uint8)


def _sum(kernel: Kernel, of: Any = float) -> float:
    return sum(float(of(cell)) for cell in kernel.cells())


def _shown(picture: Image | None) -> NDArray[Any]:
    """The picture as (H, W, 3) uint8, as wide as there is room."""
    import numpy as np
    from PIL import Image as pillow

    if picture is None:
        from imgconv.kernels.lab.sample import sample

        return sample(SIDE)
    pixels = (
        picture.pixels
        if picture.pixels.ndim == 3 and picture.pixels.shape[2] == 3 and not picture.colour
        else picture.gray().pixels
    )
    if pixels.dtype != np.uint8:
        wide = np.nan_to_num(pixels.astype(float))
        low, high = wide.min(), wide.max()
        pixels = np.rint((wide - low) * (255 / (high - low) if high > low else 0)).astype(np.uint8)
    height, width = pixels.shape[:2]
    factor = min(SIDE / width, TALLEST / height)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(pillow.fromarray(pixels).convert("RGB").resize(size, pillow.Resampling.LANCZOS))
