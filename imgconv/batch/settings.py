"""What belongs to a run, not to a step."""

from __future__ import annotations

from imgconv.files.options import Reading, Writing
from imgconv.values.frozen import field, record
from imgconv.values.parameters import ALL_CHANNELS, LUMA, Channels


@record
class Settings:
    """The options that every command has."""

    dtype: str = "same"
    range: str = "clamp"
    gray: bool = False
    alpha: str = "auto"
    channels: Channels = ALL_CHANNELS
    linear: bool = False
    threads: int | None = None
    reading: Reading = field(default_factory=Reading)
    writing: Writing = field(default_factory=Writing)
    strict: bool = False
    plans: bool = False
    """Whether outcomes tell the plan: only a report shows it."""

    @property
    def wide(self) -> bool:
        """Whether steps see floats that are made of the pixels, and leave some that are pixels again only after
        them."""
        return self.linear or self.channels == LUMA
