"""Films: frames with their durations, and the animations that they are written as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.values.frozen import record

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BYTES = 16 * 2**20
"""Bytes of the largest animation."""
STREAM = "-"


@record(eq=False)
class Film:
    """Frames (H, W, 3) and how long each is shown, in milliseconds."""

    frames: tuple[NDArray[Any], ...]
    durations: tuple[float, ...]


def check(path: str) -> None:
    """Before anything is drawn: UsageError for a suffix of no animation, or a terminal as standard output; FileError
    for a folder that is not there. A stream is a GIF."""
    from imgconv.files.formats import FORMATS, format_of
    from imgconv.kernels.lab.write import check as check_path

    check_path(path)
    if path != STREAM and format_of(path).frames != "animation":
        names = ", ".join(name for name, form in FORMATS.items() if form.frames == "animation")
        raise errors.UsageError(f"{path}: --steps is an animation; name a file of {names}: steps.gif")


def write(film: Film, path: str) -> str:
    """Writes a film that plays for ever in the format of the suffix; a sentence about it.

    Raises
    ------
    UsageError
        As `check`.
    FileError
        For a path that cannot be written, and an animation of more than `MOST_BYTES`.
    """
    from imgconv.files import atomic
    from imgconv.files.formats import FORMATS, format_of
    from imgconv.files.options import Writing
    from imgconv.files.write import encoded
    from imgconv.values.image import Frame, ImageData

    check(path)
    form = FORMATS["gif"] if path == STREAM else format_of(path)
    frames = tuple(Frame(one, duration=time) for one, time in zip(film.frames, film.durations, strict=True))
    writing = Writing(lossless=form.lossless == "asked")
    content = [bytes(piece) for piece in encoded(ImageData(frames, "gif", {"loop": 0}), form, path, writing=writing)]
    size = sum(map(len, content))
    if size > MOST_BYTES:
        raise errors.FileError(
            f"{path}: the animation takes {errors.amount(size)}, more than {errors.amount(MOST_BYTES)}; take a smaller"
            " --crop, or a .webp"
        )
    if path == STREAM:
        atomic.write_stdout(content)
    else:
        atomic.write(path, content)
    height, width, _ = film.frames[0].shape
    name = "standard output" if path == STREAM else path
    return f"{name}: {width}x{height}, {len(frames)} frames"
