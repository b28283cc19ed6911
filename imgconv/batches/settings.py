"""Settings: the options of a whole run, as opposed to those of a step; and how its jobs are executed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.files.options import Reading, Writing
from imgconv.values.colours import Colour
from imgconv.values.crops import Crop
from imgconv.values.frozen import field, record
from imgconv.values.parameters import ALL_CHANNELS, HALF_UP, LUMA, Channels

if TYPE_CHECKING:
    from concurrent.futures import Executor


@record
class Settings:
    """The options that every command has."""

    dtype: str = "same"
    range: str = "clamp"
    rounding: str = HALF_UP
    gray: bool = False
    flatten: Colour | None = None
    alpha: str = "auto"
    channels: Channels = ALL_CHANNELS
    linear: bool = False
    crop: Crop | None = None
    roi: Crop | None = None
    mask: str | None = None
    """The path of a picture."""
    recipe: bool = False
    """Whether results say how they were made."""
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
    def has_region(self) -> bool:
        """Whether only a part of each image is replaced."""
        return self.roi is not None or self.mask is not None

    @property
    def wide(self) -> bool:
        """Whether pixels become floats before the steps and pixels again after them."""
        return self.linear or self.channels == LUMA


@record
class Manner:
    """How jobs are executed.

    Attributes
    ----------
    jobs : int, optional
        How many at a time; None leaves it to the work there is.
    executor : concurrent.futures.Executor, optional
        Who performs them; None is workers of imgconv's own where that is worth it.
    cluster : str, optional
        The cluster whose workers perform them.
    manifest : str, optional
        The file of what earlier runs did.
    fail_fast : bool
        Whether nothing more is started once a job has failed.
    """

    jobs: int | None = None
    executor: Executor | None = None
    cluster: str | None = None
    manifest: str | None = None
    fail_fast: bool = False
