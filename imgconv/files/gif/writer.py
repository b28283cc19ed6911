"""GIF (GIF89a specification): one frame or many, each with a palette of its own; Pillow codes the indices.

Pillow's animations share palettes and merge frames that look alike, so they read back differently. Here every frame
reads back as it was: opaque frames are stored as the box that has changed, others whole, on a cleared canvas.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from imgconv.files.frames import UNTIMED, changed, cut
from imgconv.values.frozen import replace
from imgconv.values.image import Frame, ImageData
from imgconv.values.notes import Note
from imgconv.values.pixel_values import Pixels

_COLOURS = 256
_SEEN = 128  # alpha from which a pixel is shown
_KEEP, _CLEAR = 1, 2  # disposal: what becomes of a frame when the next one comes
_TRANSPARENT = 255
_LONGEST = 65535


def reduce(image: ImageData) -> ImageData:
    """The image as GIF can hold it: at most 256 colours per frame, alpha on or off; notes of what that loses."""
    if any(frame.pixels.dtype != np.uint8 or frame.pixels.shape[2:] not in ((), (1,), (3,)) for frame in image.frames):
        return image  # which GIF cannot hold at all, as `write.check` says
    reduction = Reduction(any(map(hides, image.frames)))
    frames = tuple(map(reduction.reduced, image.frames))
    return replace(image, frames=frames, notes=image.notes + reduction.notes)


def hides(frame: Frame) -> bool:
    """Whether some of a frame is not shown."""
    return frame.alpha is not None and bool((frame.alpha < _SEEN).any())


class Reduction:
    """Makes frames of 8 bits such as GIF can hold, one after the other; `hides` says whether any of them does."""

    def __init__(self, hides: bool) -> None:
        self.hides, self.count, self.lossy, self._thinned = hides, 0, 0, False

    def reduced(self, frame: Frame) -> Frame:
        """A frame of at most 256 colours, with alpha on or off."""
        frame = _plane(frame)
        alpha = _on_or_off(frame, self.hides)
        if frame.alpha is not None and bool((frame.alpha != (np.uint8(255) if alpha is None else alpha)).any()):
            self._thinned = True
        result = replace(frame, alpha=alpha)
        self.count += 1
        if len(_palette(result)) > _COLOURS - self.hides:
            result = replace(result, pixels=_quantized(frame.pixels, _COLOURS - self.hides))
            self.lossy += 1
        return result

    @property
    def notes(self) -> tuple[Note, ...]:
        """What that lost in all frames so far."""
        notes = []
        if self.lossy:
            where = f" in {self.lossy} of {self.count} frames" if self.count > 1 else ""
            notes.append(
                Note("palette-reduced", f"colours reduced to {_COLOURS}{where} (GIF has no more; png and webp do)")
            )
        if self._thinned:
            notes.append(Note("flattened", "alpha reduced to on or off (GIF has nothing between)"))
        return tuple(notes)


def _plane(frame: Frame) -> Frame:
    """The frame with one channel as (H, W), which arrays may have as (H, W, 1)."""
    return replace(frame, pixels=frame.pixels[..., 0]) if frame.pixels.shape[2:] == (1,) else frame


def _on_or_off(frame: Frame, hides: bool) -> Pixels | None:
    """Alpha of nothing but 0 and 255 where any frame hides anything, else none."""
    if not hides:
        return None
    if frame.alpha is None:
        return np.full(frame.pixels.shape[:2], 255, np.uint8)
    return np.where(frame.alpha >= _SEEN, np.uint8(255), np.uint8(0))


def _quantized(pixels: Pixels, colours: int) -> Pixels:
    """The pixels in so many colours, by Pillow's median cut, each the nearest one."""
    from PIL import Image as pillow

    whole = np.ascontiguousarray(pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2))
    return np.array(pillow.fromarray(whole).quantize(colours, dither=pillow.Dither.NONE).convert("RGB"))


def _palette(frame: Frame) -> Pixels:
    """The colours of what is seen, as numbers 0xRRGGBB, sorted."""
    packed = _packed(frame.pixels)
    return np.unique(packed if frame.alpha is None else packed[frame.alpha > 0])


def _packed(pixels: Pixels) -> Pixels:
    wide = pixels.astype(np.uint32)
    if wide.ndim == 2:
        return np.asarray(wide * np.uint32(0x010101))
    return np.asarray(wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2])


def encode(frames: Iterable[Frame], count: int, metadata: Mapping[str, Any]) -> Iterator[bytes]:
    """So many frames from `reduce`, as a GIF file, in pieces.

    Of the metadata `comment` is kept, and `loop`: how often it is played, 0 for ever (1 if it does not say). ValueError
    beyond 65535 pixels.
    """
    before = None
    for frame in frames:
        height, width = frame.pixels.shape[:2]
        if before is None:
            yield _head(height, width, count, metadata)
        clear = frame.alpha is not None
        box = (slice(0, height), slice(0, width)) if before is None or clear else changed(before, frame)
        yield _picture(cut(frame, box), box, (_CLEAR if clear else _KEEP) if count > 1 else 0)
        before = frame
    yield b";"


def _head(height: int, width: int, count: int, metadata: Mapping[str, Any]) -> bytes:
    """What stands before the frames."""
    if max(height, width) > _LONGEST:
        raise ValueError(f"{width}x{height} pixels, and GIF counts to {_LONGEST}")
    head = struct.pack("<6sHHBBB", b"GIF89a", width, height, 0x70, 0, 0)
    plays = metadata.get("loop", 1)
    if count > 1 and plays != 1:  # the number of repetitions, of which none is written by leaving it out
        head += b"!\xff\x0bNETSCAPE2.0" + struct.pack("<BBHB", 3, 1, min(max(plays - 1, 0), _LONGEST), 0)
    if comment := metadata.get("comment"):
        head += b"!\xfe" + _blocks(comment)
    return head


def _picture(frame: Frame, box: tuple[slice, slice], disposal: int) -> bytes:
    """A frame's control block, place, palette and indices."""
    height, width = frame.pixels.shape[:2]
    if frame.pixels.ndim == 2 and frame.alpha is None:
        colours, indices = (
            np.arange(_COLOURS, dtype=np.uint32) * np.uint32(0x010101),
            frame.pixels,
        )  # which readers take for gray
    else:
        colours = _palette(frame)
        indices = np.searchsorted(colours, _packed(frame.pixels)).clip(0, _TRANSPARENT).astype(np.uint8)
    table = np.zeros((_COLOURS, 3), np.uint8)
    table[: len(colours)] = np.stack([colours >> 16, colours >> 8, colours], axis=1) & 255
    if frame.alpha is not None:
        indices = np.where(frame.alpha > 0, indices, np.uint8(_TRANSPARENT))
    centiseconds = min(round((UNTIMED if frame.duration is None else frame.duration) / 10), _LONGEST) if disposal else 0
    flags = disposal << 2 | (frame.alpha is not None)
    control = b"!\xf9" + struct.pack(
        "<BBHBB", 4, flags, centiseconds, _TRANSPARENT if frame.alpha is not None else 0, 0
    )
    place = b"," + struct.pack("<HHHHB", box[1].start, box[0].start, width, height, 0x87)
    return control + place + table.tobytes() + _coded(indices)


def _coded(indices: Pixels) -> bytes:
    """The indices as GIF codes them (LZW), cut from a file of Pillow's."""
    from PIL import Image as pillow

    buffer = io.BytesIO()
    pillow.fromarray(np.ascontiguousarray(indices)).save(buffer, "GIF", interlace=0, optimize=False)
    content = buffer.getvalue()
    at = 13 + (3 << (content[10] & 7) + 1 if content[10] & 0x80 else 0)
    while content[at : at + 1] == b"!":
        at += 2
        while content[at]:
            at += content[at] + 1
        at += 1
    at += 10 + (3 << (content[at + 9] & 7) + 1 if content[at + 9] & 0x80 else 0)
    return content[at:-1]


def _blocks(content: bytes) -> bytes:
    parts = [content[i : i + 255] for i in range(0, len(content), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"
