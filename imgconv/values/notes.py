"""Notes on a result, and the words for what quantising lost."""

from __future__ import annotations

from imgconv.values.frozen import record


@record
class Note:
    """A note on a result: `code` for programs (a row of `losses`), `text` for people, and whether something was
    lost."""

    code: str
    text: str
    loss: bool = True

    def __str__(self) -> str:
        return self.text


def response_text(low: float, high: float) -> str:
    """The least and greatest value before quantising."""
    return f"response {shown_value(low)}…{shown_value(high)}"


def quantising_notes(below: int, above: int, missing: int, count: int, limits: tuple[float, float]) -> tuple[Note, ...]:
    """What quantising lost: `below` and `above` of `count` values were clamped to the `limits`, `missing` were NaN."""
    notes = []
    parts = [
        f"{share_text(n, count)} {where} {shown_value(limit)}"
        for n, where, limit in ((below, "below", limits[0]), (above, "above", limits[1]))
        if n
    ]
    if parts:
        notes.append(Note("clamped", f"{', '.join(parts)} clamped"))
    if missing:
        notes.append(Note("not-a-number", f"{share_text(missing, count)} not a number, set to 0"))
    return tuple(notes)


def shown_value(value: float) -> str:
    """A value in words: six significant digits at most, and nothing finer than a thousandth, since pixel units need no
    more."""
    return f"{round(value, 3) + 0.0:.6g}".replace("-", "\N{MINUS SIGN}", 1)


def share_text(n: int, count: int) -> str:
    """A part of a number of values, in words."""
    share = 100 * n / count
    return f"{share:.1f} %" if share >= 0.1 else "less than 0.1 %"
