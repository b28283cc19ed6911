"""Sentences about windows and arrays."""

from __future__ import annotations

from imgconv.errors.base import ImgconvError, PixelError, UsageError, WindowError, cut, shown


def window_does_not_fit(window: tuple[int, int], image: tuple[int, int], advice: str) -> WindowError:
    return WindowError(
        f"a window of {window[0]}x{window[1]} does not fit an image of {image[0]}x{image[1]} (rows x columns, with"
        f" padding); {advice}"
    )


def window_sees_nothing(window: tuple[int, int], image: tuple[int, int]) -> WindowError:
    return WindowError(
        f"a pooling window of {window[0]}x{window[1]} would see no pixel of an image of {image[0]}x{image[1]}; use less"
        " padding or a larger window"
    )


def window_too_far(window: tuple[int, int], image: tuple[int, int]) -> WindowError:
    return WindowError(
        f"a window of {window[0]}x{window[1]} on an image of {image[0]}x{image[1]} reaches too far to be addressed; use"
        " a smaller window or less padding"
    )


def pixel_type(name: str) -> PixelError:
    return PixelError(
        f"pixels of type {name} cannot be filtered; expected integers, floats or booleans (complex numbers and objects"
        " have no rule)"
    )


def pixel_integers_too_large(name: str, largest: int) -> PixelError:
    return PixelError(
        f"{name} pixels up to {largest} would lose digits (float64 is exact up to 2**53); scale them down or convert"
        " them to float64 yourself"
    )


def pixel_array(given: object, why: str) -> PixelError:
    return PixelError(
        f"pixels {shown(given)} are no array of numbers: {cut(' '.join(why.split()))}; expected rows of equal length,"
        " or a numpy array"
    )


def alpha_array(given: object, shape: tuple[int, ...]) -> PixelError:
    return PixelError(
        f"alpha {shown(given)} does not go with pixels of {shape}; expected a numpy array of integers or floats of"
        " their height and width"
    )


def pixel_shape(shape: tuple[int, ...]) -> PixelError:
    return PixelError(
        f"an array of shape {cut(str(shape))} is not an image; expected (height, width) or (height, width, channels); "
        "files may hold (frames, height, width, channels)"
    )


def not_an_image(given: object) -> UsageError:
    return UsageError(f"{shown(given)} is not an Image; load one, or make one: Image((Frame(pixels),))")


def pixel_none(shape: tuple[int, ...]) -> PixelError:
    return PixelError(f"an array of shape {shape} has no pixels")


def no_gray(found: str) -> PixelError:
    return PixelError(f"there is no rule for gray from {found}; expected gray or RGB (convert the file to RGB first)")


def premultiply_bank() -> UsageError:
    return UsageError(
        "alpha premultiply divides by one coverage, and each kernel of a bank has a coverage of its own; use --alpha"
        " auto"
    )


def out_mismatch(what: str, expected: object, found: object) -> PixelError:
    return PixelError(f"out has {what} {found}; the result has {expected}")


def out_not_array(found: str) -> PixelError:
    return PixelError(f"out is a {found}; expected a numpy array to fill")


def out_readonly() -> PixelError:
    return PixelError("out is read-only; pass an array that can be written")


def out_overlaps() -> PixelError:
    return PixelError("out overlaps the input, which is still read while it is filled; pass another array")


def no_memory(what: str) -> ImgconvError:
    return ImgconvError(f"not enough memory for {what}; use a smaller image or window, or a larger stride")
