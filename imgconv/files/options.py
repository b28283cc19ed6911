"""How files are to be read and written: what the command's options and the library's keywords say, in two values that go down together."""

from __future__ import annotations

from imgconv.records import record


@record
class Reading:
    """What is wanted of inputs; the defaults lose nothing and refuse what cannot be read whole."""


@record
class Writing:
    """What is wanted of outputs. `compress_level` None leaves it to the format and to where the bytes go."""

    compress_level: int | None = None
