"""Facts about an image and its result: a summary for people, fields for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv.values.notes import Note, quantising_notes, response_text

if TYPE_CHECKING:
    from imgconv.files.header import Header
    from imgconv.values.image import ImageData


def header_facts(header: Header) -> dict[str, Any]:
    """The fields of an input that follow from its header."""
    return {
        "format_in": header.format,
        "mode_in": header.layout.words.removesuffix(f" {header.layout.type}"),
        "dtype_in": header.layout.type,
        "frames_in": header.frames,
        "shape_in": [header.height, header.width, header.layout.channels + header.layout.alpha],
    }


def image_facts(image: ImageData, side: str) -> dict[str, Any]:
    """The fields of an image that was read (`side` is "in") or is written ("out")."""
    shape = [*image.pixels.shape, 1][:3]
    return {
        f"mode_{side}": image.mode.removesuffix(f" {image.pixels.dtype.name}"),
        f"dtype_{side}": image.pixels.dtype.name,
        f"shape_{side}": [shape[0], shape[1], shape[2] + (image.alpha is not None)],
        f"frames_{side}": len(image.frames),
    }


def quantising_facts(result: ImageData) -> dict[str, Any]:
    """The fields on how values were brought into the output's type."""
    response = result.response
    samples = sum(frame.pixels.size for frame in result.frames)
    if response is None:
        return {"samples": samples, "clamped_below": 0, "clamped_above": 0, "not_a_number": 0}
    return {
        "response_min": float(response.low),
        "response_max": float(response.high),
        "samples": samples,
        "clamped_below": int(response.below),
        "clamped_above": int(response.above),
        "not_a_number": int(response.missing),
    }


def summary(image: ImageData, result: ImageData) -> tuple[str, ...]:
    """Size, mode and response of a result, in words; 8 bits are not mentioned, nor the response of what was clamped."""
    height, width = result.pixels.shape[:2]
    size = f"{width}x{height} {result.mode.removesuffix(' uint8')}"
    count = len(result.frames)
    if count > 1:
        same = all(frame.pixels.shape == result.pixels.shape for frame in result.frames)
        size = f"{count} frames of {size}" if same else f"{count} frames, the first {size}"
    if image.pixels.shape[:2] != (height, width):
        size += f" (from {image.pixels.shape[1]}x{image.pixels.shape[0]})"
    response = result.response
    if response is None or response.below or response.above:
        return (size,)
    return size, response_text(response.low, response.high)


def losses(result: ImageData, type_: str) -> tuple[Note, ...]:
    """The notes on a result, those on quantising it into its type first."""
    from imgconv.values.pixel_values import limits

    response = result.response
    if response is None:
        return result.notes
    count = max(1, response.count)
    notes = quantising_notes(response.below, response.above, response.missing, count, limits(type_))
    return notes + result.notes
