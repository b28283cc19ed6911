"""Draw the sample pictures beside this file: python samples/draw.py

Every picture is made of arithmetic and fixed random seeds, so two runs (with the same NumPy and Pillow) write
the same bytes. What is slanted is drawn larger and shrunk, so that its edges are smooth.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Array = NDArray[Any]
Colour = tuple[int, int, int]
Point = tuple[float, float, float]

BLACK, LIGHT, NIGHT = (0, 0, 0), (255, 255, 255), (20, 24, 40)
WALL, PANEL, OAK, PAINT, RAIL, TILE = (
    (112, 143, 150),
    (92, 122, 131),
    (196, 141, 84),
    (240, 236, 226),
    (74, 42, 28),
    (150, 134, 116),
)

TEXT = (
    (
        "A convolution slides a small window of weights, the kernel, over a picture. Wherever the window stops, every"
        " pixel beneath it is multiplied by the weight above it, and the products are summed. The sum is one pixel of"
        " the result. Then the window moves on, and the same few weights meet the next pixels."
    ),
    (
        "What the weights say decides what is found. Nine equal weights give a mean, and the picture becomes soft. A"
        " negative column beside a positive one answers only where brightness changes from left to right: it finds"
        " vertical edges. Turn it by a quarter, and it finds horizontal ones. Where the picture is flat, the positive"
        " and the negative products cancel, and nothing remains."
    ),
    (
        "At the border the window hangs over the edge. One may stop before that happens, and the result is smaller than"
        " the picture; or one may imagine pixels outside: zeros, the nearest pixel repeated, a reflection."
    ),
    (
        "In a neural network the weights are not chosen by hand. They are learned from examples, many kernels at once,"
        " layer upon layer; yet the first layer of such a network, when one looks at it, has often found again what"
        " people had written down long before: edges, spots and stripes."
    ),
)


def main() -> None:
    """Draw all pictures and say how large they are."""
    pictures = {
        "staircase.png": staircase,
        "bricks.png": bricks,
        "page.png": page,
        "landscape.jpg": landscape,
        "digit.png": digit,
        "logo.png": logo,
    }
    for name, draw in pictures.items():
        path, picture = Path(__file__).with_name(name), draw()
        picture.save(path, quality=90, optimize=True)
        print(f"{name:14} {picture.mode:5} {picture.width}x{picture.height} {path.stat().st_size / 1000:6.1f} kB")


def noise(seed: int, rows: int, columns: int, cell: tuple[float, float], octaves: int = 5, gain: float = 0.5) -> Array:
    """Fractal noise of mean 0 and deviation 1: random grids of `cell` pixels, each octave half as coarse and `gain`
    times as strong."""
    rng = np.random.default_rng(seed)
    total = np.zeros((rows, columns), np.float32)
    for octave in range(octaves):
        grid = [max(2, round(length * 2**octave / size)) for length, size in zip((rows, columns), cell, strict=True)]
        coarse = Image.fromarray(rng.standard_normal(grid).astype(np.float32))
        total += gain**octave * np.asarray(coarse.resize((columns, rows), Image.Resampling.BICUBIC))
    standard: Array = (total - total.mean()) / total.std()
    return standard


def noise_line(seed: int, columns: int, cell: float, octaves: int = 8, gain: float = 0.47) -> Array:
    """Fractal noise along one line."""
    line: Array = noise(seed, 2, columns, (2**20, cell), octaves, gain)[0]
    return line


def mix(below: Array, above: Array | Colour, amount: Array | float) -> Array:
    """`above` laid over `below`, `amount` (clipped to 0…1) of it."""
    share = np.clip(np.asarray(amount), 0, 1)[..., None]
    return np.asarray(below + share * (np.asarray(above) - below))


def blend(first: Colour, second: Colour, amount: float) -> Colour:
    """A colour between two."""
    red, green, blue = (round(a + (b - a) * amount) for a, b in zip(first, second, strict=True))
    return red, green, blue


def picture_of(pixels: Array) -> Image.Image:
    """Pixels 0…255 as a picture."""
    return Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8))


class Stage:
    """A room seen straight ahead, in perspective: x goes away from the eye, y to the right, z up, in metres."""

    scale, centre, focal, eye = 3, (158, 122), 640, (-5.0, -1.3, 2.75)

    def __init__(self, width: int, height: int) -> None:
        self.canvas = Image.new("RGB", (width * self.scale, height * self.scale))
        self.draw = ImageDraw.Draw(self.canvas)

    def at(self, point: Point) -> Array:
        """Where a point of the room falls on the canvas."""
        away, right, up = (place - eye for place, eye in zip(point, self.eye, strict=True))
        return self.scale * np.array(
            [self.centre[0] + self.focal * right / away, self.centre[1] - self.focal * up / away]
        )

    def face(self, a: Point, b: Point, c: Point, d: Point, colour: Colour, last: Colour | None = None) -> None:
        """A four-sided face; with `last` its colour runs from `colour` along a-b to `last` along d-c."""
        first, second, third, fourth = (self.at(corner) for corner in (a, b, c, d))
        slices = 90 if last else 1
        for k in range(slices):
            ends = [
                (start + (stop - start) * (k + n) / slices)
                for n in (0, 1)
                for start, stop in ((first, fourth), (second, third))
            ]
            self.draw.polygon([tuple(ends[n]) for n in (0, 1, 3, 2)], blend(colour, last or colour, k / slices))

    def box(self, low: Point, high: Point, colour: Colour) -> None:
        """The three sides of a box that the eye sees: top, left and front, each in its own light."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        if z1 < self.eye[2]:
            self.face((x0, y0, z1), (x0, y1, z1), (x1, y1, z1), (x1, y0, z1), blend(colour, LIGHT, 0.25))
        self.face((x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1), blend(colour, NIGHT, 0.32))
        self.face((x0, y0, z0), (x0, y1, z0), (x0, y1, z1), (x0, y0, z1), colour)


def staircase() -> Image.Image:
    """A flight of oak stairs with balusters at both sides, up to a gallery."""
    width, height, steps, tread, rise, wide = 640, 480, 13, 0.31, 0.18, 2.0
    stage = Stage(width, height)
    room(stage, steps * tread, steps * rise, wide + 0.5)
    for step in reversed(range(steps)):
        one_step(stage, step * tread, step * rise, tread, rise, wide)
    for y in (wide - 0.16, 0.02):
        stage.box((-0.14, y, 0), (0, y + 0.14, 1.2), PAINT)
        stage.box((-0.17, y - 0.03, 1.2), (0.03, y + 0.17, 1.26), RAIL)
    y, x = np.mgrid[0:height, 0:width]
    lit = np.exp(-(((x - 320) / 360) ** 2) - ((y - 200) / 280) ** 2)
    return picture_of(
        np.asarray(stage.canvas.resize((width, height), Image.Resampling.LANCZOS)) * (0.76 + 0.32 * lit)[..., None]
    )


def room(stage: Stage, end: float, top: float, side: float) -> None:
    """What lies behind the stairs: walls, a window, the tiled floor, and the gallery with its panels and balusters."""
    back = end + 2.4
    stage.face((back, -7, 0), (back, side, 0), (back, side, 6), (back, -7, 6), WALL, blend(WALL, LIGHT, 0.5))
    stage.box((back - 0.05, -3.1, top + 1.22), (back, -0.38, top + 2.72), blend(WALL, NIGHT, 0.45))
    for row, column in np.ndindex(2, 4):
        y, z = -3.0 + 0.66 * column, top + 1.32 + 0.68 * row
        stage.face(
            (back, y, z),
            (back, y + 0.54, z),
            (back, y + 0.54, z + 0.6),
            (back, y, z + 0.6),
            (255, 240, 200),
            (236, 246, 255),
        )
    stage.face(
        (-4, side, 0), (-4, side, 6), (back, side, 6), (back, side, 0), blend(WALL, RAIL, 0.3), blend(WALL, LIGHT, 0.2)
    )
    for k in range(12):
        stage.box((back - 0.7 * k, side - 0.02, 0), (back - 0.7 * k + 0.09, side, 6), blend(WALL, LIGHT, 0.3))
    stage.face(
        (-4, -9, 0), (-4, side, 0), (end, side, 0), (end, -9, 0), blend(TILE, LIGHT, 0.2), blend(TILE, NIGHT, 0.35)
    )
    for k in range(25):
        x, y = -3.9 + 0.46 * k, -8.9 + 0.46 * k
        stage.face(
            (min(x, end), -9, 0),
            (min(x, end), side, 0),
            (min(x + 0.03, end), side, 0),
            (min(x + 0.03, end), -9, 0),
            blend(TILE, NIGHT, 0.55),
        )
        stage.face((-3.9, y, 0), (-3.9, y + 0.03, 0), (end, y + 0.03, 0), (end, y, 0), blend(TILE, NIGHT, 0.55))
    stage.face((end, -9, 0), (end, side, 0), (end, side, top), (end, -9, top), WALL, blend(WALL, NIGHT, 0.55))
    for k in range(6):
        y = -5.7 + 0.92 * k
        stage.box((end - 0.02, y, 0.25), (end, y + 0.7, top - 0.42), PANEL)
        stage.box((end - 0.03, y + 0.09, 0.36), (end, y + 0.61, top - 0.53), blend(PANEL, LIGHT, 0.3))
    stage.box((end - 0.12, -9, top - 0.24), (end, side, top), PAINT)
    for k in range(36):
        stage.box((end, -0.14 - 0.15 * k, top), (end + 0.05, -0.09 - 0.15 * k, top + 0.9), PAINT)
    stage.box((end - 0.03, -6, top + 0.9), (end + 0.08, 0.1, top + 1.0), RAIL)


def one_step(stage: Stage, x: float, z: float, tread: float, rise: float, wide: float) -> None:
    """One step whose front foot is at x, z: side, riser, tread, and at both sides balusters and a piece of handrail."""
    far, high = x + tread, z + rise
    stage.face((x, 0, 0), (far, 0, 0), (far, 0, high), (x, 0, high), blend(PANEL, NIGHT, 0.5), blend(PANEL, NIGHT, 0.1))
    stage.face((x, 0, z), (x, wide, z), (x, wide, high), (x, 0, high), PAINT, blend(PAINT, RAIL, 0.5))
    stage.face(
        (x, 0, high), (x, wide, high), (far, wide, high), (far, 0, high), blend(OAK, LIGHT, 0.3), blend(OAK, RAIL, 0.4)
    )
    stage.box((x - 0.03, -0.03, high - 0.035), (x, wide + 0.03, high), OAK)
    for y in (wide - 0.12, 0.06):
        for k in (1, 0):
            post = x + 0.03 + k * tread / 2
            stage.box((post, y, high), (post + 0.045, y + 0.045, high + 0.88 + k * rise / 2), PAINT)
        left, right, low, up = y - 0.025, y + 0.075, high + 0.86, high + rise + 0.86
        stage.face((x, left, low), (far, left, up), (far, left, up + 0.07), (x, left, low + 0.07), RAIL)
        stage.face(
            (x, left, low + 0.07),
            (x, right, low + 0.07),
            (far, right, up + 0.07),
            (far, left, up + 0.07),
            blend(RAIL, (255, 190, 140), 0.45),
        )


def bricks() -> Image.Image:
    """A wall in running bond, lit from the top left."""
    rows, columns, course, length, mortar = 480, 640, 40, 106, 7
    rng = np.random.default_rng(2)
    y, x = np.mgrid[0:rows, 0:columns]
    y, x = y + 0.8 * noise(3, rows, columns, (60, 90), 4), x + 0.8 * noise(4, rows, columns, (60, 90), 4)
    row = np.floor(y / course).astype(int) + 1
    along = x + np.where(row % 2, length / 2, 0) + rng.uniform(-9, 9, 20)[row]
    column = np.floor(along / length).astype(int) + 1
    rough = noise(5, rows, columns, (24, 24), 5, 0.7)
    inside = np.minimum(np.minimum(y % course, -y % course), np.minimum(along % length, -along % length)) - mortar / 2
    height = 3.2 * np.clip(inside / 4.5, 0, 1) ** 0.6 + 0.16 * rough
    light = np.gradient(height, axis=1) + 1.3 * np.gradient(height, axis=0)
    clay = np.array([(168, 78, 58), (150, 64, 50), (184, 96, 68), (138, 66, 60), (176, 104, 82)])[
        rng.integers(0, 5, (20, 12))[row, column]
    ]
    clay = clay + rng.normal(0, 9, (20, 12))[row, column][..., None]
    pixels = (
        mix(np.full((rows, columns, 3), (186, 178, 164)), clay, (inside + 0.35 * rough) / 1.5) + 6 * rough[..., None]
    )
    return picture_of(
        pixels * ((1 + 0.22 * np.clip(light, -1.6, 1.6)) * (1.12 - np.hypot(x - 180, y - 120) / 1650))[..., None]
    )


def page() -> Image.Image:
    """A printed page, with a kernel as a table, on slightly uneven paper."""
    scale, width, height, left, right, cell = 2, 600, 800, 124, 1076, 52
    sheet = Image.new("L", (width * scale, height * scale))
    draw = ImageDraw.Draw(sheet)
    title, body, small = (ImageFont.load_default(size * scale) for size in (34, 16.5, 12))
    draw.text((left, 116), "On Convolution", 255, title)
    draw.line((left, 228, right, 228), 255, 2 * scale)
    draw.text((width * scale / 2, (height - 36) * scale), "17", 255, small, anchor="mm")
    y = 272.0
    for number, paragraph in enumerate(TEXT):
        for line in justified(paragraph, body, right - left):
            for x, word in line:
                draw.text((left + x, y), word, 255, body)
            y += 46
        if number == 1:
            for row, column in np.ndindex(3, 3):
                x, top = width * scale / 2 + (2 * column - 3) * cell, y + 24 + row * cell
                draw.rectangle((x, top, x + 2 * cell, top + cell), outline=255, width=2)
                draw.text((x + cell, top + cell / 2), str(column - 1), 255, body, anchor="mm")
            y += 3 * cell + 28
        y += 24
    ink = np.asarray(sheet.resize((width, height), Image.Resampling.LANCZOS)) / 255
    paper = 232 + 2.2 * noise(7, height, width, (160, 160), 4) + 1.3 * noise(8, height, width, (3, 5), 2)
    return picture_of(paper - ink * (196 + 8 * noise(9, height, width, (9, 9), 3)))


def justified(
    text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float
) -> Iterator[list[tuple[float, str]]]:
    """The lines of a paragraph, each as words and where they begin; all but the last fill the width."""
    words = text.split()
    while words:
        count = max(n for n in range(1, len(words) + 1) if n == 1 or font.getlength(" ".join(words[:n])) <= width)
        line, words = words[:count], words[count:]
        lengths = [font.getlength(word) for word in line]
        blank = (width - sum(lengths)) / (count - 1) if words and count > 1 else font.getlength(" ")
        yield [(sum(lengths[:n]) + n * blank, word) for n, word in enumerate(line)]


def landscape() -> Image.Image:
    """Evening over a lake: sky, sun, five ranges of mountains, their reflection, firs and grass."""
    rows, columns, shore = 683, 1024, 432
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    pixels = sky(x, y, shore)
    for k in range(5):
        pixels = mountains(pixels, y, k, shore)
    pixels = mix(pixels, lake(pixels, x, y, shore), y - shore) + noise(30, rows, columns, (2, 2), 1)[..., None]
    canvas = picture_of(pixels).resize((columns * 2, rows * 2), Image.Resampling.BICUBIC)
    foreground(ImageDraw.Draw(canvas), *canvas.size)
    return canvas.resize((columns, rows), Image.Resampling.LANCZOS)


def sky(x: Array, y: Array, shore: int) -> Array:
    """A gradient from blue to gold, the sun and its glow, thin clouds."""
    stops = np.array([(52, 88, 150), (122, 150, 192), (240, 190, 156), (255, 214, 150)])
    pixels = np.stack([np.interp(y / shore, (0, 0.3, 0.55, 0.8), stops[:, k]) for k in range(3)], -1)
    distance = np.hypot(x - 610, y - 178)
    pixels = mix(pixels, (255, 226, 166), 0.9 * np.exp(-distance / 120))
    pixels = mix(
        pixels,
        (255, 216, 192),
        0.75 * np.clip(noise(10, x.shape[0], x.shape[1], (70, 420), 6, 0.55) - 0.2, 0, 1) * (1 - y / shore),
    )
    return mix(pixels, (255, 250, 228), 26.5 - distance)


def mountains(air: Array, y: Array, k: int, shore: int) -> Array:
    """Range k (0 is the farthest) laid over the air: the nearer, the darker, greener and lower."""
    rows, columns = y.shape
    line = noise_line(79 + k, columns, 330 - 40 * k)
    ridge = shore - (225, 172, 118, 72, 22)[k] + (64, 50, 38, 26, 8)[k] * (np.abs(line) - 0.4)
    relief = noise(20 + k, rows, columns, (80 - 8 * k, 60 - 6 * k), 6, 0.5)
    slope = np.clip(np.gradient(relief, axis=1) * 16 - np.gradient(relief, axis=0) * 4, -2, 2)
    colour = np.array(blend((140, 134, 176), (28, 48, 50), k / 4)) + (7 + k) * slope[..., None] * np.array(
        (1.3, 1, 0.8)
    )
    haze = (0.7 - 0.12 * k) * np.clip((y - ridge) / (shore - ridge + 30), 0, 1)
    return mix(air, mix(colour, (240, 200, 176), haze), y - ridge)


def lake(air: Array, x: Array, y: Array, shore: int) -> Array:
    """The air upside down, shaken by ripples that grow towards the eye, and the sun's path."""
    depth = np.clip(y - shore, 0, None)
    ripples = noise(26, x.shape[0], x.shape[1], (5, 60), 4, 0.6) * (0.35 + depth / 70)
    above = np.clip(shore - 1 - depth * 1.25 - 5 * ripples, 0, shore - 1).astype(int)
    aside = np.clip(x + 2.5 * ripples, 0, x.shape[1] - 1).astype(int)
    pixels = mix(air[above, aside], (38, 66, 98), 0.2 + 0.0012 * depth) + 5 * ripples[..., None]
    path = np.exp(-(((x - 610) / (26 + 0.32 * depth)) ** 2)) * np.clip(ripples * 0.9 - 0.1, 0, 1)
    return mix(pixels, (255, 232, 180), 0.9 * path)


def foreground(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    """A dark bank with firs at both sides, and grass along the lower edge."""
    rng = np.random.default_rng(31)
    across = np.arange(width) / width
    bank = height * (0.86 + 0.115 * np.clip(1 - np.abs(across - 0.56) / 0.56, 0, 1) ** 0.7) - 7 * noise_line(
        32, width, 240
    )
    draw.polygon([(0, height), *enumerate(bank.tolist()), (width, height)], (22, 32, 24))
    for place in sorted([*rng.uniform(0, 0.27, 15), *rng.uniform(0.86, 1, 8)], key=lambda place: -abs(place - 0.5)):
        fir(
            draw,
            rng,
            place * width,
            bank[int(place * width)] + 14,
            (180 + 420 * min(1, abs(place - 0.56) / 0.5) ** 1.6) * rng.uniform(0.75, 1.1),
        )
    for _ in range(5200):
        x = rng.uniform(0, width)
        near = rng.uniform(0, 1)
        root = bank[int(x)] + near * (height - bank[int(x)] + 20)
        colour = blend((26, 38, 26), (118, 112, 58), rng.uniform(0, 1) ** 2 * (0.35 + 0.5 * near))
        draw.line((x, root, x + rng.normal(0, 9), root - rng.uniform(14, 34) * (0.6 + near)), colour, 2)


def fir(draw: ImageDraw.ImageDraw, rng: np.random.Generator, x: float, foot: float, height: float) -> None:
    """A fir of ragged boughs, each a thin spike that hangs down, brighter at the right."""
    draw.polygon([(x - height / 60, foot), (x + height / 60, foot), (x, foot - height)], (20, 22, 18))
    for part in np.linspace(0.04, 0.93, int(height / 3.2)):
        for side in (-1, 1):
            reach, y = height * (0.015 + 0.2 * part) * rng.uniform(0.5, 1.1), foot - height * (1 - part)
            colour = blend((14, 26, 22), (58, 66, 40), rng.uniform(0, 1) ** 3 * (0.65 + 0.25 * side))
            draw.polygon(
                [(x, y - height / 70), (x, y + height / 60), (x + side * reach, y + reach * rng.uniform(0.2, 0.5))],
                colour,
            )


def digit() -> Image.Image:
    """A handwritten 3, light on black, 28x28 as in MNIST: discs of a changing pen along two slanted arcs."""
    scale = 16
    canvas = Image.new("L", (28 * scale, 28 * scale))
    draw = ImageDraw.Draw(canvas)
    for x0, y0, wide, high, start, stop in ((13.6, 9.4, 4.5, 3.9, -160, 95), (13.4, 18.2, 5.4, 4.9, -95, 150)):
        for angle in np.radians(np.linspace(start, stop, 240)):
            y = y0 + high * np.sin(angle)
            x, pen = x0 + wide * np.cos(angle) - 0.18 * (y - 14), 1.15 + 0.35 * np.cos(angle)
            draw.ellipse([scale * edge for edge in (x - pen, y - pen, x + pen, y + pen)], 255)
    return canvas.filter(ImageFilter.GaussianBlur(0.35 * scale)).resize((28, 28), Image.Resampling.BOX)


def logo() -> Image.Image:
    """A window of 3x3 cells in a disc with soft edges; around it nothing, fully transparent."""
    size = 256
    y, x = np.mgrid[0:size, 0:size] - (size - 1) / 2
    disc = np.clip((112 - np.hypot(x, y)) / 28, 0, 1)
    alpha = disc**2 * (3 - 2 * disc)
    colour = mix(np.full((size, size, 3), (255, 150, 60)), (110, 50, 190), (x + y) / 260 + 0.5)
    for row, column in np.ndindex(3, 3):
        corner = np.hypot(
            np.clip(np.abs(x + 40 - 40 * column) - 9, 0, None), np.clip(np.abs(y + 40 - 40 * row) - 9, 0, None)
        )
        cell = np.clip((8 - corner) / 3, 0, 1)
        colour, alpha = (
            mix(colour, LIGHT, cell * (0.95, 0.35, 0.7)[column]),
            alpha * (1 - cell * (0, 0.75, 0.3)[column]),
        )
    return picture_of(np.dstack([np.where(alpha[..., None] < 0.002, 0, colour), alpha * 255]))


if __name__ == "__main__":
    main()
