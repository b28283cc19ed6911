"""Sentences about kernels."""

from __future__ import annotations

import re
from collections.abc import Sequence

from imgconv.errors.base import UsageError, cut, shown, suggestion

_LONGEST_PATH = 200  # characters of a sentence: what is taken for a path may be a text of any length


def kernel_cell(place: str, cell: str) -> UsageError:
    word = cell.lower().lstrip("+-")
    if word.startswith(("nan", "inf")):
        hint = "weights are finite; a cell that is not looked at is 0 or -"
    elif re.fullmatch(r"[0-9]{1,3}(['_\u2019][0-9]{3})+(\.[0-9]*)?", word):
        hint = "write it without thousands separators"
    else:
        hint = "expected 1, -0.5, 1e-3 or 1/9"
    return UsageError(f"kernel, {place}: {shown(cell)} is not a number ({hint})")


def kernel_empty_cell(place: str) -> UsageError:
    return UsageError(f"kernel, {place}: a cell is empty there; write 0 for a neighbour that does not count")


def kernel_two_separators(place: str, row: str) -> UsageError:
    cells = " ".join(re.split(r"[\s,]+", row[:40].strip())[:4])
    return UsageError(
        f"kernel, {place}: commas and blanks both separate numbers here, which can be read in two ways, as the cells"
        f" {cells}… or with commas inside numbers; separate cells by one of them, and write decimals with a point"
    )


def kernel_thousands(place: str, piece: str) -> UsageError:
    remedy = "write numbers without separators, cells without leading zeros"
    return UsageError(f"kernel, {place}: {shown(piece)} looks like thousands, and could be cells of its own; {remedy}")


def kernel_surplus(place: str, expected: int, found: int) -> UsageError:
    return UsageError(f"kernel, {place}: {found} numbers where {expected} were announced")


def kernel_missing(place: str, expected: int, found: int, what: str = "number") -> UsageError:
    remedy = (
        "; get a whole copy, or read it as plain rows by rows: before its name"
        if what == "row" and found < expected
        else ""
    )
    return UsageError(f"kernel, {place}: {found} {what}{'s' * (found != 1)} where {expected} were announced{remedy}")


def kernel_ragged(place: str, expected: int, found: int) -> UsageError:
    return UsageError(
        f"kernel, {place}: {found} number{'s' * (found != 1)} where the rows above have {expected}; every row needs the"
        " same length"
    )


def kernel_empty(place: str) -> UsageError:
    return UsageError(f"kernel, {place}: no numbers found; expected rows such as '1,2,1;2,4,2;1,2,1'")


def kernel_head(place: str, name: str, known: Sequence[str]) -> UsageError:
    hint = suggestion(name, known) or f"; these may: {', '.join(known)}"
    return UsageError(f"kernel, {place}: {shown(name)} is no line that may stand before the rows{hint}")


def kernel_header(place: str, expected: str) -> UsageError:
    return UsageError(f"kernel, {place}: that is no header; expected {expected}")


def kernel_grammar(place: str, expected: str) -> UsageError:
    return UsageError(f"kernel, {place}: expected {expected}")


def kernel_shape(name: str) -> UsageError:
    return UsageError(
        f"ImageMagick's {name} is a shape or a distance for morphology, no weights to sum; if you mean weights, write"
        " their numbers (3x3: 0,1,0 …)"
    )


def kernel_junk(place: str) -> UsageError:
    return UsageError(f"kernel, {place}: nothing is expected to follow there")


def kernel_turn(place: str, angle: str, what: str) -> UsageError:
    return UsageError(f"kernel, {place}: only {what} can be turned by {angle} degrees")


def kernel_json(place: str, why: str) -> UsageError:
    return UsageError(f"kernel, {place}: no JSON ({why[:1].lower()}{why[1:]})")


def kernel_json_shape(expected: str) -> UsageError:
    return UsageError(f"JSON is no kernel as it is; expected {expected}")


def kernel_ambiguous(text: str, dialect: str, readings: str) -> UsageError:
    return UsageError(f"kernel {shown(text)} can be read in two ways, as {readings}; name one: {dialect}:… or rows:…")


def kernel_for_command(name: str) -> UsageError:
    return UsageError(
        f"{shown(name)} is a kernel, no command of 'imgconv kernels'; look at it with: imgconv kernels show {name}"
    )


def kernel_several(text: str, count: int) -> UsageError:
    return UsageError(
        f"{shown(text)} holds {count} kernels where one is needed; pick one by its number in brackets at the end, [0]"
        f" to [{count - 1}] (--with takes several)"
    )


def kernel_too_many(most: int) -> UsageError:
    return UsageError(f"the text lists more than {most} kernels; give fewer")


def factors_too_many(most: int) -> UsageError:
    return UsageError(f"more than {most} factors stand before the kernel; multiply them")


def kernel_index(text: str, index: str, count: int) -> UsageError:
    return UsageError(
        f"{shown(text)} has no [{cut(index)}]; its kernels count from [0] to [{count - 1}], [0..{count - 1}] and [*]"
        " take several"
    )


def kernel_layout(path: str, shape: tuple[int, ...]) -> UsageError:
    leading = ",".join("N" * (len(shape) - 2))
    return UsageError(
        f"kernel file {path}: which axes of {shape} are rows and columns? Put : for them and numbers (or a..b, *) for"
        f" the others in brackets: [{leading}] where they are the last two, [:,:,{leading}] where they are the first"
    )


def kernel_member(path: str, member: str, names: Sequence[str]) -> UsageError:
    listed = ", ".join(names[:8]) + (", …" if len(names) > 8 else "") if names else "no arrays"
    found = (
        f"has no array {shown(member)}{suggestion(member, names)}"
        if member
        else "holds several arrays; which? Put :NAME behind it"
    )
    return UsageError(f"kernel file {path} {found if names else 'holds no arrays'} ({listed})")


def kernel_matlab(path: str) -> UsageError:
    return UsageError(
        f"kernel file {path}: it is MATLAB's .mat, not libvips'; save the matrix as text there (writematrix) or as .npy"
    )


def kernel_image(path: str) -> UsageError:
    """An image stands in a kernel's place."""
    remedy = f"name one first: imgconv filter vertical {path} (or image:{path} if its pixels are the weights)"
    return UsageError(f"which kernel? {path!r} stands in its place, and it is an image; {remedy}")


def kernel_no_dialect(name: str) -> UsageError:
    return UsageError(f"kernels are not read from {name}, only written")


def kernel_not_written(name: str, known: Sequence[str]) -> UsageError:
    return UsageError(f"kernels are only read from {name}, not written; choose from {', '.join(known)}")


def kernel_not_for(dialect: str, why: str, remedy: str) -> UsageError:
    return UsageError(f"no kernel for {dialect}: {why}; {remedy}")


def kernel_cannot_say(dialect: str, what: str) -> UsageError:
    return UsageError(
        f"{dialect} cannot say {what}, and without it would compute something else; rows, json and python can"
    )


def kernel_not_rows(value: object) -> UsageError:
    return UsageError(
        f"kernel weights {shown(value)} are not rows of numbers; expected a list of rows such as [[1, 2, 1]]"
    )


def kernel_sum_too_large() -> UsageError:
    return UsageError(
        "the sum of the kernel's weights is beyond the largest float (1.8e308), so divisor auto has nothing to divide"
        " by; scale the weights down"
    )


def kernel_weight(value: object) -> UsageError:
    return UsageError(f"kernel weight {shown(value)} is not a finite real number")


def kernel_too_large(rows: int, columns: int, most: int, longest: int) -> UsageError:
    size = f"{cut(str(rows))}x{cut(str(columns))}"
    return UsageError(
        f"a kernel of {size} or more has more than {most} weights or a side beyond {longest}; use a smaller one, or"
        " apply it in steps"
    )


def kernels_too_large(weights: int, most: int) -> UsageError:
    return UsageError(
        f"the kernels have {weights} or more weights together, more than {most}; use fewer or smaller ones"
    )


def kernel_too_large_for(what: str, rows: int, columns: int, most: int) -> UsageError:
    return UsageError(f"a kernel of {rows}x{columns} is too large to {what} here (at most {most} weights)")


def kernels_too_large_to_compose(one: tuple[int, int], other: tuple[int, int], most: int) -> UsageError:
    return UsageError(
        f"kernels of {one[0]}x{one[1]} and {other[0]}x{other[1]} are too large to be made one (at most {most} products"
        " of weights); use one after the other"
    )


def kernel_file(path: str, why: str) -> UsageError:
    return UsageError(f"kernel file {path if len(path) <= _LONGEST_PATH else path[: _LONGEST_PATH - 3] + '...'}: {why}")


def which_kernel(path: str, why: str) -> UsageError:
    """`path` stands in a kernel's place and is none."""
    words = (
        f"imgconv filter vertical {path}"
        if path.isprintable() and len(path) <= 60
        else "imgconv filter vertical in.png"
    )
    return UsageError(
        f"which kernel? {shown(path)} stands in its place, and {why}; name one first: {words} (imgconv kernels lists"
        " them)"
    )


def which(what: str, example: str, listing: str = "") -> UsageError:
    """A needed argument was left out."""
    return UsageError(
        f"which {what}? Name one first, for instance: {example}{f' ({listing} lists them)' if listing else ''}"
    )


def kernel_arguments(name: str, usage: str, given: str) -> UsageError:
    return UsageError(f"kernel {name!r} is written {usage}, not {shown(given)}")


def kernel_arguments_extreme(text: str) -> UsageError:
    return UsageError(
        f"kernel {shown(text)} has no finite weights: an argument is too large or too small; use a moderate one"
    )


def kernel_argument_unknown(name: str, word: str, known: Sequence[str], usage: str) -> UsageError:
    """An argument given by a name that the kernel does not have."""
    choices = f"it takes {', '.join(known)}" if known else "it takes none"
    return UsageError(f"kernel {name!r} has no argument {shown(word)}{suggestion(word, known)}; {choices} ({usage})")


def kernel_argument_geometry(name: str, text: str) -> UsageError:
    """An argument like ImageMagick's RADIUSxSIGMA."""
    return UsageError(
        f"kernel {name!r} takes decimal numbers, not {shown(text)}; ImageMagick's kernels, written like that, have im:"
        " before them: im:Gaussian:0x2"
    )


def rotation(value: object) -> UsageError:
    return UsageError(
        f"rotation {shown(value)} is not a multiple of 45 degrees (anticlockwise; negative turns clockwise)"
    )


def rotation_needs_ring(degrees: int, rows: int, columns: int) -> UsageError:
    return UsageError(
        f"a {rows}x{columns} kernel cannot be turned by {degrees} degrees; only 3x3 kernels turn by 45, all turn by 90,"
        " 180 and 270"
    )


def divisor(value: object) -> UsageError:
    return UsageError(f"divisor {shown(value)} cannot divide; expected a finite number other than 0, or auto")


def anchor_outside(anchor: tuple[int, int], rows: int, columns: int) -> UsageError:
    return UsageError(
        f"anchor {anchor[0]},{anchor[1]} lies outside the {rows}x{columns} kernel; rows run from 0 to {rows - 1},"
        f" columns from 0 to {columns - 1}"
    )
