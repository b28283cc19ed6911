"""Layout: channels, alpha, type and colour model of pixels."""

from __future__ import annotations

from imgconv.values.frozen import record


@record
class Layout:
    """Channels without alpha, whether there is alpha, the pixel type, and the colour model where the channels do not
    say it."""

    channels: int
    alpha: bool = False
    type: str = "uint8"
    colour: str = ""

    @property
    def words(self) -> str:
        """`RGB + alpha uint8`, `5 channels float32`."""
        colour = self.colour or {1: "gray", 3: "RGB"}.get(self.channels, f"{self.channels} channels")
        return f"{colour}{' + alpha' if self.alpha else ''} {self.type}"
