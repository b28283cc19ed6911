"""Spoilt files of machine code: what is read back is what was kept, or nothing; what cannot be linked is refused, by
one kind of error."""

from __future__ import annotations

import os
import random
from functools import cache
from pathlib import Path
from unittest import mock

from imgconv import errors
from imgconv.files.png import unfilter_loops
from imgconv.jit import build, keys, link, machine, store
from imgconv.loops import activate
from tests.fuzz import mutate

NAMES = ("activate-" + "0" * 32, "unfilter-" + "1" * 32)


@cache
def objects() -> tuple[tuple[bytes, str], ...]:
    """Two objects, and their entries; from the tests' own store, for a worker has no time to compile."""
    found = []
    for loop, kinds in (
        (activate.LOOP, {"function": "relu", "src": "int16", "out": "int32"}),
        (unfilter_loops.UNFILTER, {}),
    ):
        build.make(loop, kinds)
        found.append(
            next(
                kept
                for machine_ in machine.readable()
                if (kept := store.read(keys.key(loop, kinds, machine_))) is not None
            )
        )
    return tuple(found)


def stored(number: str, folder: Path) -> str:
    """A mutant under its own key or another's; some have their checksum put right, so that the linker meets them."""
    rng = random.Random(number)
    with mock.patch.dict(os.environ, {"IMGCONV_CACHE_DIR": str(folder / "loops")}):
        for name, (code, entry) in zip(NAMES, objects(), strict=True):
            store.write(name, code, entry)
        contents = [(folder / "loops" / name).read_bytes() for name in NAMES]
        code, entry = objects()[0]
        if rng.random() < 0.5:
            return _linked(mutate.mutant(code, objects()[1][0], rng)[0], entry)
        spoilt = contents[1] if rng.random() < 0.1 else mutate.mutant(contents[0], contents[1], rng)[0]
        (folder / "loops" / NAMES[0]).write_bytes(spoilt)
        found = store.read(NAMES[0])
    if found not in (None, objects()[0]):
        raise AssertionError("another object than was kept")
    return "refused" if found is None else "made"


def _linked(code: bytes, entry: str) -> str:
    store.write(NAMES[0], code, entry)
    kept = store.read(NAMES[0])
    assert kept == (code, entry)
    try:
        link.address("mutant", *kept, stored=True)
    except errors.ObjectError:
        return "refused"
    return "made"
