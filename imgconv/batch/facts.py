"""What is known of an image and of its result: for people in words, for the report in fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv.values.notes import Note, response_text, settling

if TYPE_CHECKING:
    from imgconv.files.header import Header
    from imgconv.values.image import ImageData


def header_facts(header: Header) -> dict[str, Any]:
    """What a header says of an input."""
    return {
        "format_in": header.format,
        "mode_in": header.layout.words.removesuffix(f" {header.layout.type}"),
        "dtype_in": header.layout.type,
        "frames_in": header.frames,
        "shape_in": [header.height, header.width, header.layout.channels + header.layout.alpha],
    }


def described(image: ImageData, side: str) -> dict[str, Any]:
    """The fields of one side, `in` or `out`."""
    shape = [*image.pixels.shape, 1][:3]
    return {
        f"mode_{side}": image.mode.removesuffix(f" {image.pixels.dtype.name}"),
        f"dtype_{side}": image.pixels.dtype.name,
        f"shape_{side}": [shape[0], shape[1], shape[2] + (image.alpha is not None)],
        f"frames_{side}": len(image.frames),
    }


def settled(result: ImageData) -> dict[str, Any]:
    """The fields that tell how values came into the output's type."""
    seen = result.response
    samples = sum(frame.pixels.size for frame in result.frames)
    if seen is None:
        return {"samples": samples, "clamped_below": 0, "clamped_above": 0, "not_a_number": 0}
    return {
        "response_min": float(seen.low), "response_max": float(seen.high), "samples": samples,
        "clamped_below": int(seen.below), "clamped_above": int(seen.above), "not_a_number": int(seen.missing),
    }  # fmt: skip


def said(image: ImageData, result: ImageData) -> tuple[str, ...]:
    """Size, mode and response of a result, in words."""
    height, width = result.pixels.shape[:2]
    size = f"{width}x{height} {result.mode}"
    count = len(result.frames)
    if count > 1:
        same = all(frame.pixels.shape == result.pixels.shape for frame in result.frames)
        size = f"{count} frames of {size}" if same else f"{count} frames, the first {size}"
    if image.pixels.shape[:2] != (height, width):
        size += f" (from {image.pixels.shape[1]}x{image.pixels.shape[0]})"
    return (size,) if result.response is None else (size, response_text(result.response.low, result.response.high))


def losses(result: ImageData, type_: str) -> tuple[Note, ...]:
    """Everything that must be said of a result, the losses of settling into its type first."""
    from imgconv.values.pixel_values import limits

    seen = result.response
    if seen is None:
        return result.notes
    return settling(seen.below, seen.above, seen.missing, max(1, seen.count), limits(type_)) + result.notes
