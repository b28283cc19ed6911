"""Settings: the options of a whole run, as opposed to those of a step."""

from __future__ import annotations

from imgconv.files.options import Reading, Writing
from imgconv.values.colours import Colour
from imgconv.values.frozen import field, record
from imgconv.values.parameters import ALL_CHANNELS, LUMA, Channels


@record
class Settings:
    """The options that every command has."""

    dtype: str = "same"
    range: str = "clamp"
    gray: bool = False
    flatten: Colour | None = None
    alpha: str = "auto"
    channels: Channels = ALL_CHANNELS
    linear: bool = False
    threads: int | None = None
    reading: Reading = field(default_factory=Reading)
    writing: Writing = field(default_factory=Writing)
    strict: bool = False
    skip_existing: bool = False
    plans: bool = False
    """Whether facts include the plan: only a report shows it."""
    operation: str = ""
    """For a manifest: what stamps say of the operation; empty if facts need no stamps."""

    @property
    def wide(self) -> bool:
        """Whether pixels become floats before the steps and pixels again after them."""
        return self.linear or self.channels == LUMA
