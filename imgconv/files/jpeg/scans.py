"""What a JPEG file codes: its scans and the pieces of each, found without decoding a pixel (ITU-T T.81, annexes B, E
and G)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from imgconv.values.frozen import record, replace

HUFFMAN, PROGRESSIVE, LOSSLESS, ARITHMETIC = (0, 1, 2), (2, 6, 10, 14), (3, 7, 11, 15), (9, 10, 11, 13, 14, 15)
"""Processes, told by the low half of the frame's marker (B.1.1.3)."""
_SCAN, _INTERVAL, _END = 0xDA, 0xDD, b"\xd9"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # but DHT, JPG and DAC
_RESTARTS = range(0xD0, 0xD8)
_ALONE = (
    b"\x00\x01\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xff"  # behind FF: markers without a segment, and what is no marker
)
_BLOCK, _COEFFICIENTS = 8, 64  # samples on a block's side, coefficients of it
_MARKER = rb"\xff(?=[^\x00\xff])"  # among coded bytes, in which FF is followed by 00


@record
class Scan:
    """One pass over some components.

    `first` and `last` are the coefficients that it sends, without their lowest `left` bits; `refines` if higher ones
    were sent before. `ends` is where each piece between restart markers ends.
    """

    process: int
    components: tuple[int, ...]
    first: int
    last: int
    left: int
    refines: bool
    ends: tuple[int, ...] = ()


@record
class _Frame:
    """The picture's size, and each component's sampling factors (across, down)."""

    process: int
    height: int
    width: int
    factors: dict[int, tuple[int, int]]

    def units(self, components: Sequence[int]) -> int:
        """How many units a scan of these components codes: blocks of a single one, else the blocks of all that lie
        together (A.2)."""
        most_across = max(across for across, _ in self.factors.values())
        most_down = max(down for _, down in self.factors.values())
        side = 1 if self.process in LOSSLESS else _BLOCK
        if len(components) > 1:
            return _whole(self.width, side * most_across) * _whole(self.height, side * most_down)
        across, down = self.factors[components[0]]
        return _whole(_whole(self.width * across, most_across), side) * _whole(
            _whole(self.height * down, most_down), side
        )


def _whole(length: int, part: int) -> int:
    return -(-length // part)


def scans(content: bytes) -> list[Scan]:
    """Every scan of a file. Raises ValueError where one is cut short or is not there, or lacks a piece between restart
    markers."""
    passes: list[Scan] = []
    frame, interval, at = None, 0, 0
    while (segment := _segment(content, at)) is not None:
        marker, body, at = segment
        if marker in _FRAMES:
            frame = _frame(marker, body)
        elif marker == _INTERVAL:
            interval = int.from_bytes(body[:2], "big")
        elif marker == _SCAN and frame is not None:
            scan = _scan(body, frame)
            passes.append(replace(scan, ends=_pieces(content, at, frame.units(scan.components), interval)))
            at = passes[-1].ends[-1]
    if frame is None or not passes:
        raise ValueError("no coded pixels")
    begun = {
        component
        for scan in passes
        if frame.process in LOSSLESS or (scan.first == 0 and not scan.refines)
        for component in scan.components
    }
    if missing := len(frame.factors.keys() - begun):
        raise ValueError(f"nothing is coded of {missing} of its {len(frame.factors)} components")
    return passes


def end(content: bytes, passes: Sequence[Scan]) -> int:
    """Where a file ends whose scans are known: behind the marker that says so."""
    at = passes[-1].ends[-1]
    while (segment := _segment(content, at)) is not None:
        at = segment[2]
    return content.find(b"\xff" + _END, at) + 2


def is_approximate(passes: Sequence[Scan]) -> bool:
    """Whether a progressive file leaves out coefficients or their lowest bits, as the format allows (G.1.1.1): fine
    detail is not there."""
    if passes[0].process not in PROGRESSIVE:
        return False
    sent = {
        (component, place)
        for scan in passes
        if scan.left == 0
        for component in scan.components
        for place in range(scan.first, scan.last + 1)
    }
    return len(sent) < _COEFFICIENTS * len({component for scan in passes for component in scan.components})


# ---------------------------------------------------------------- segments


def _segment(content: bytes, at: int) -> tuple[int, bytes, int] | None:
    """Marker and body of the next segment, and where it stops; None at the end. What lies before it is passed over, as
    decoders do."""
    while (at := content.find(b"\xff", at)) >= 0:
        marker, at = content[at + 1 : at + 2], at + 1
        if marker == _END:
            return None
        if marker in _ALONE:
            continue
        length = int.from_bytes(content[at + 1 : at + 3], "big")
        if length < 2 or at + 1 + length > len(content):
            break
        return marker[0], content[at + 3 : at + 1 + length], at + 1 + length
    raise ValueError("its end is missing")


def _frame(marker: int, body: bytes) -> _Frame:
    count = body[5] if len(body) > 5 else 0
    if count == 0 or len(body) < 6 + 3 * count:
        raise ValueError("its header is cut short")
    factors = {body[at]: (max(1, body[at + 1] >> 4), max(1, body[at + 1] & 15)) for at in range(6, 6 + 3 * count, 3)}
    return _Frame(marker & 15, int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big"), factors)


def _scan(body: bytes, frame: _Frame) -> Scan:
    count = body[0] if body else 0
    if count == 0 or len(body) < 4 + 2 * count:
        raise ValueError("the head of a scan is cut short")
    components = tuple(body[1 : 1 + 2 * count : 2])
    if not frame.factors.keys() >= set(components):
        raise ValueError("a scan is of a component that is not there")
    first, last, bits = body[1 + 2 * count : 4 + 2 * count]
    return Scan(frame.process, components, first, last, bits & 15, bits >> 4 > 0)


# ---------------------------------------------------------------- coded pixels


def _pieces(content: bytes, at: int, units: int, interval: int) -> tuple[int, ...]:
    """Where each piece of a scan ends. Raises ValueError unless there are as many as the interval asks for, the markers
    between them in turn (E.1.4)."""
    ends, turns, behind = list[int](), bytearray(), at
    for match in re.compile(_MARKER).finditer(content, at):
        marker, end = content[match.end()], match.start()
        while content[end - 1] == 0xFF:  # of which a marker may have several
            end -= 1
        ends.append(end)
        if marker not in _RESTARTS:
            break
        turns.append(marker & 7)
        behind = match.end() + 1
    else:
        raise ValueError("its end is missing")
    meant = _whole(units, interval) if interval else 1
    if len(ends) == meant + 1 and ends[-1] == behind:  # a restart marker behind the last piece, too
        ends.pop()
    if len(ends) != meant:
        raise ValueError(f"{len(ends)} pieces of coded pixels, not {meant}")
    if any(turn != number % 8 for number, turn in enumerate(turns)):
        raise ValueError("its restart markers are not in turn")
    return tuple(ends)
