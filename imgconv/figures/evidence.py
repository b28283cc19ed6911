"""What speaks for a class, as blocks of text and as a figure: the picture under its heat, maps, and the last layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv.figures.blocks import LARGEST, Block, signed_table
from imgconv.figures.layout import Piece, bars, flowed, page, rows, words
from imgconv.figures.photo import View, photo
from imgconv.figures.texts import span
from imgconv.kernels.lab.draw import GRAY, diverging

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

    from imgconv.networks.evidence import Contributions, Evidence, Occlusion

_SHOWN, _THUMBNAILS = 8, 10
"""Numbers that are printed and maps that are drawn, those with the greatest magnitude."""
_THUMBNAIL, _SHARE = 110, 0.75
_REMARK = "red covers what speaks for the class, blue what speaks against it"


def heading(evidence: Evidence, name: str, network: str) -> str:
    return f"{name}: {network}, class {evidence.name}"


def blocks(evidence: Evidence) -> list[Block]:
    """Output and score, the last layer's sum, what is lost without each map, and behind a window over the picture."""
    found = [Block("", rows=_scores(evidence))]
    if evidence.contributions is None:
        found.append(Block("", remarks=("the score is no sum of inputs times weights, so there are no contributions",)))
    else:
        found.append(_sum(evidence.contributions, evidence.score))
    for maps in evidence.maps:
        lines = tuple((f"map {number}", f"{maps.drops[number]:.4g}") for number in _strongest(maps.drops))
        found.append(Block(f"{maps.layer}, how much less the score is without a map{_of(maps.drops)}", rows=lines))
    if evidence.left_out:
        found.append(Block("", remarks=(f"too many maps to leave out one by one: {', '.join(evidence.left_out)}",)))
    return [*found, _covered(evidence.occlusion, evidence.score)]


def _scores(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    score = "score", f"{evidence.score:.6g}"
    return (score, (f"behind {evidence.behind}", f"{evidence.output:.6g}")) if evidence.behind else (score,)


def _sum(sum_: Contributions, score: float) -> Block:
    height, width, _ = sum_.shape
    lines = [
        (f"{_input(number, sum_.shape)}: {sum_.inputs[number]:.4g} times {sum_.weights[number]:.4g}", f"{product:.4g}")
        for number, product in ((number, sum_.products[number]) for number in _strongest(sum_.products))
    ]
    if height * width > 1:
        lines += [(f"all of map {number}", f"{sum_.by_map[number]:.4g}") for number in _strongest(sum_.by_map)]
    total = float(sum_.products.sum())
    lines += [(f"sum of {len(sum_.inputs)} products", f"{total:.6g}"), ("+ bias", f"{sum_.bias:.6g}")]
    lines.append(("score", f"{score:.6g}"))
    title = f"{sum_.layer}, inputs times weights{_of(sum_.products)}"
    return Block(title, rows=tuple(lines))


def _input(number: int, shape: tuple[int, int, int]) -> str:
    _, width, maps = shape
    if shape[:2] == (1, 1):
        return f"input {number}"
    place, channel = divmod(number, maps)
    return f"map {channel} at {place // width},{place % width}"


def _strongest(values: NDArray[Any], most: int = _SHOWN) -> list[int]:
    """The numbers of those with the greatest magnitude, the greatest value first."""
    chosen = sorted(range(len(values)), key=lambda number: -abs(values[number]))[:most]
    return sorted(chosen, key=lambda number: -values[number])


def _of(values: NDArray[Any]) -> str:
    return f" (the strongest {_SHOWN} of {len(values)})" if len(values) > _SHOWN else ""


def _covered(occlusion: Occlusion, score: float) -> Block:
    drops = score - occlusion.scores
    high, wide = occlusion.size
    row, column = divmod(int(drops.argmax()), drops.shape[1])
    first, start = occlusion.rows[row], occlusion.columns[column]
    where = f"{span(tuple(range(first, first + high)), 'row')}, {span(tuple(range(start, start + wide)), 'column')}"
    lines = (
        ("most", f"{drops[row, column]:.4g}  ({where})"),
        ("output there", f"{occlusion.outputs[row, column]:.4g}"),
    )
    fill = ", ".join(f"{value:.4g}" for value in occlusion.fill.ravel())
    title = f"how much less the score is where {high}x{wide} pixels are covered by the picture's median ({fill})"
    tables = (signed_table(_windows(occlusion), [[round(float(one), 2) + 0.0 for one in line] for line in drops]),)
    return Block(title, tables if max(drops.shape) <= LARGEST else (), lines)


def _windows(occlusion: Occlusion) -> str:
    return f"windows from {span(occlusion.rows, 'row')}, {span(occlusion.columns, 'column')}"


def figure(evidence: Evidence, name: str, network: str) -> Picture:
    """The evidence as a picture."""
    pieces = [
        words(heading(evidence, name, network), 20),
        rows(_scores(evidence)),
        _photos(evidence),
        words(f"{_covered(evidence.occlusion, evidence.score).title}; {_REMARK}", 14, GRAY),
    ]
    for maps in evidence.maps:
        height, width, _ = maps.values.shape
        shown = [
            photo(_view(maps.values[..., one]), height, width, f"{one}: {maps.drops[one]:.3g}", _THUMBNAIL)
            for one in _strongest(maps.drops, _THUMBNAILS)
        ]
        pieces += [words(f"{maps.layer}: how much less the score is without a map", 18), flowed(shown)]
    if (sum_ := evidence.contributions) is not None:
        products = sum_.products
        lines = [(_input(number, sum_.shape), float(products[number])) for number in _strongest(products, 2 * _SHOWN)]
        most = max(abs(value) for _, value in lines)
        pieces.append(words(f"{sum_.layer}: inputs times weights, the strongest of {len(products)}", 18))
        pieces.append(bars(lines, most))
        pieces.append(rows(_sum(sum_, evidence.score).rows[-3:]))
    return page(pieces)


def _photos(evidence: Evidence) -> Piece:
    """The picture, the heat over it, and the heat alone."""
    import numpy as np

    from imgconv.networks.evidence import heat

    height, width, _ = evidence.picture.shape
    warm = heat(evidence.occlusion, evidence.score, (height, width))
    most = float(np.abs(warm).max()) or 1.0
    pixels = _colours(evidence.picture)
    strength = _SHARE * np.abs(warm / most)[..., None] ** 0.7
    mixed = np.rint(pixels.mean(axis=2, keepdims=True) * (1 - strength) + diverging(np.sign(warm)) * strength)
    views = (
        (pixels, "what the network sees"),
        (mixed.astype(np.uint8), "what speaks for the class"),
        (diverging(warm / most), f"mean of what covering takes away, full colour {most:.3g}"),
    )
    return flowed([photo(View(one, 0, 0, (), ()), height, width, title) for one, title in views])


def _view(plane: NDArray[Any]) -> View:
    return View(_colours(plane[..., None]), 0, 0, (), ())


def _colours(values: NDArray[Any]) -> NDArray[Any]:
    """Values (H, W, C) from black, the least, to white, the greatest, as (H, W, 3); of other than 3 channels the
    first."""
    import numpy as np

    three = values if values.shape[2] == 3 else np.repeat(values[..., :1], 3, axis=2)
    finite = np.nan_to_num(three.astype(np.float64))
    low, high = float(finite.min()), float(finite.max())
    levels: NDArray[Any] = np.rint(255 * (finite - low) / ((high - low) or 1)).astype(np.uint8)
    return levels


def as_json(evidence: Evidence, name: str, network: str) -> dict[str, Any]:
    """Every number."""
    occlusion, sum_ = evidence.occlusion, evidence.contributions
    found: dict[str, Any] = {
        "image": name,
        "network": network,
        "class": evidence.name,
        "number": evidence.index,
        "output": evidence.output,
        "score": evidence.score,
        "behind": evidence.behind,
        "maps": {one.layer: one.drops.tolist() for one in evidence.maps},
        "left_out": evidence.left_out,
        "occlusion": {
            "size": occlusion.size,
            "rows": occlusion.rows,
            "columns": occlusion.columns,
            "fill": occlusion.fill.tolist(),
            "scores": occlusion.scores.tolist(),
            "outputs": occlusion.outputs.tolist(),
        },
    }
    if sum_ is not None:
        found["contributions"] = {
            "layer": sum_.layer,
            "shape": sum_.shape,
            "inputs": sum_.inputs.tolist(),
            "weights": sum_.weights.tolist(),
            "products": sum_.products.tolist(),
            "by_map": sum_.by_map.tolist(),
            "bias": sum_.bias,
        }
    return found
