"""Rows of an image as they go into its pipeline: laid over a colour, in gray, or without alpha, as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.batches.prepared import Prepared, keeps_alpha
from imgconv.values.notes import Note

if TYPE_CHECKING:
    from imgconv.files.by_rows import RowReader
    from imgconv.values.pixel_values import Pixels

_REST = 2**22  # values that are read at a time behind the last row that a window sees


class ConvertedRows:
    """The rows that a reader gives, converted; alpha, where it is kept, is the last channel."""

    def __init__(self, prepared: Prepared, reader: RowReader) -> None:
        self._prepared, self._reader, self._left = prepared, reader, prepared.header.height
        self._keeps = keeps_alpha(prepared.header, prepared.settings)
        self._below, self._all_opaque = prepared.settings.flatten, True

    def read(self, count: int) -> Pixels:
        """The next rows (count, W, C). Raises FileError where the file is broken."""
        import numpy as np

        from imgconv.engine.alpha.plane import is_opaque
        from imgconv.engine.colour.flatten import laid_over
        from imgconv.files.header import parsed

        rows = parsed(self._prepared.header.path, lambda: self._reader.read(count))
        self._left -= count
        if self._reader.image.alpha is None:
            return self._colours(rows)
        colours, alpha = np.ascontiguousarray(rows[..., :-1]), rows[..., -1:]
        if self._keeps:
            return np.concatenate([self._colours(colours), alpha], axis=2) if self._prepared.settings.gray else rows
        if self._below is not None:
            return self._colours(laid_over(colours, alpha[..., 0], self._below, self._reader.image.colour))
        self._all_opaque = self._all_opaque and is_opaque(alpha)
        return self._colours(colours)

    def _colours(self, pixels: Pixels) -> Pixels:
        if not self._prepared.settings.gray:
            return pixels
        from imgconv.engine.colour.luma import gray_plane

        return gray_plane(pixels, self._reader.image.colour)[..., None]

    def read_rest(self) -> None:
        """Reads rows that no window has seen, where something has to be known of them: whether they are opaque."""
        if self._keeps or self._below is not None or self._reader.image.alpha is None:
            return
        together = max(1, _REST // (self._prepared.header.width * self._prepared.header.channels))
        while self._left:
            self.read(min(together, self._left))

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was lost in the rows so far."""
        if self._all_opaque:
            return ()
        return (Note("flattened", "alpha dropped, and some of it was not opaque"),)
