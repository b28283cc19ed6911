"""Sentences about channels, light and colour profiles."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.errors.base import PixelError, UsageError, shown


def channels_word(value: object) -> UsageError:
    return UsageError(
        f"channels {shown(value)} are none; write all, luma, or names or numbers between commas (r,g,b,alpha; c,m,y,k;"
        " 0,2)"
    )


def channel_missing(name: str, known: Sequence[str]) -> PixelError:
    return PixelError(
        f"there is no channel {name!r} in this image; it has {', '.join(known)} (counted from 0: 0 … {len(known) - 1})"
    )


def channels_need_count(before: int, after: int) -> PixelError:
    return PixelError(
        f"--channels leaves other channels as they are, so their number must stay; this would make {after} of {before} "
        "(without --channels all are filtered, with --gray the luma alone)"
    )


def channels_need_size(before: tuple[int, int], after: tuple[int, int]) -> PixelError:
    return PixelError(
        f"--channels leaves other channels as they are, so the size must stay; this would make {after[0]}x{after[1]} of"
        f" {before[0]}x{before[1]} (rows x columns); filter without it, or with --pad same and stride 1"
    )


def no_luma(what: int | str) -> PixelError:
    return PixelError(
        f"{what if isinstance(what, str) else f'{what} channels'} have no luma here; --channels luma expects gray"
        " or RGB"
    )


def no_light(what: str) -> PixelError:
    return PixelError(
        f"{what} has no agreed relation to light; --linear expects gray or RGB of unsigned integers or floats"
    )


def profile_space(space: str, channels: int) -> PixelError:
    return PixelError(
        f"its colour profile is for {space}, not for {channels} channel{'s' * (channels > 1)}; convert the image to"
        " sRGB first"
    )


def profile_tables() -> PixelError:
    return PixelError(
        "its colour profile works by tables of colours, which --linear cannot undo; convert the image to sRGB first"
    )


def profile_broken() -> PixelError:
    return PixelError(
        "its colour profile is broken, so --linear cannot know its curve; convert the image to sRGB first"
    )


def transfer_unknown(number: int) -> PixelError:
    return PixelError(
        f"its colours have the transfer characteristics {number} of ITU-T H.273, which --linear does not know; convert"
        " the image to sRGB first"
    )


def profile_left() -> PixelError:
    return PixelError(
        "its colour profile is not sRGB, and --gray leaves profiles behind, which --linear needs; convert the image to"
        " sRGB first"
    )
