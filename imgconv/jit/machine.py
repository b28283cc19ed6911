"""The processor that machine code is made for: this one, or a baseline that many machines share."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from functools import cache

from imgconv import errors
from imgconv.jit import forks, keys, store
from imgconv.jit.keys import Machine
from imgconv.loops.instructions import within

_V2 = {"cx16", "popcnt", "sse3", "sse4.1", "sse4.2", "ssse3"}
_V3 = _V2 | {"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"}
_V4 = _V3 | {"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"}
_LEVELS: dict[str, dict[str, set[str]]] = {
    "x86_64": {"x86-64-v4": _V4, "x86-64-v3": _V3, "x86-64-v2": _V2, "x86-64": set()},
    "amd64": {"x86-64-v4": _V4, "x86-64-v3": _V3, "x86-64-v2": _V2, "x86-64": set()},
}
"""Per architecture: baselines, best first, and what a machine must be able to do to run their code."""

_FEATURES = re.compile(r"([+-][a-z0-9._-]+,?)*")  # as LLVM wants them: it ends the process for others
TILES = {"avx512bw", "avx512vbmi", "avx512vnni"}

_chosen: list[Machine] = []  # at most one: what `choose` named


@cache
def here() -> Machine:
    """This machine, as far as Numba's settings let it be used: two kinds of code for one processor would not fit each
    other."""
    name, features, avx = _settings()
    if features is not None and not _FEATURES.fullmatch(features):
        raise errors.UsageError(
            f"NUMBA_CPU_FEATURES is to be a list such as +avx2,-avx512f, not {errors.shown(features)}; unset it for all"
            " that this machine can do"
        )
    if features is None and (name or "").lower() == "generic":
        features = ""
    if name is not None and features is not None:
        return Machine(name, features)
    exact = _processor()
    words = exact.features if avx else re.sub(r"\+(?=avx)", "-", exact.features)
    return Machine(exact.name if name is None else name, words if features is None else features)


def _settings() -> tuple[str | None, str | None, bool]:
    """What Numba is told of the processor (its name, its features, whether AVX is used), by variables or, once it is
    loaded, by its user."""
    config = sys.modules.get("numba.core.config")
    if config is not None and hasattr(config, "ENABLE_AVX"):
        return config.CPU_NAME, config.CPU_FEATURES, bool(config.ENABLE_AVX)
    avx = os.environ.get("NUMBA_ENABLE_AVX", "")
    return (
        os.environ.get("NUMBA_CPU_NAME"),
        os.environ.get("NUMBA_CPU_FEATURES"),
        not (avx.isdecimal() and int(avx) == 0),
    )


@cache
def _processor() -> Machine:
    """This machine, exactly, as LLVM describes it, or as it did when `remember` was called."""
    return _remembered() or _described()


def remember() -> None:
    """Keeps what LLVM says of this machine, under what the system says of it: loading LLVM only to ask takes longer
    than a small image."""
    if _mark() and _remembered() is None:
        here = _processor()
        store.write(_mark(), here.features.encode(), here.name)


def _remembered() -> Machine | None:
    known = store.read(_mark()) if _mark() else None
    features = "" if known is None else known[0].decode("ascii", "replace")
    return None if known is None or not _FEATURES.fullmatch(features) else Machine(known[1], features)


def _described() -> Machine:
    with forks.alone():
        forks.watch()
        import llvmlite.binding as llvm

        return Machine(llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())


@cache
def _mark() -> str:
    """A name for this kind of processor, and for the LLVM that describes it; empty where the system does not describe
    it well enough."""
    try:
        with open("/proc/cpuinfo", "rb", buffering=0) as stream:
            return mark_of(stream.read(16384))
    except OSError:
        return ""


def mark_of(cpuinfo: bytes) -> str:
    """The same from Linux's words on x86 processors: what the first of them is and can do, not how it is doing."""
    first, end, _ = cpuinfo.partition(b"\n\n")
    described = dict([line.split(b":", 1) for line in first.replace(b"\t", b"").split(b"\n") if b":" in line])
    if not end or b"flags" not in described:
        return ""
    fields = [described.get(name, b"") for name in (b"vendor_id", b"cpu family", b"model", b"stepping", b"flags")]
    return f"machine-{keys.hashed(repr(fields).encode() + keys.environment()).hexdigest()[:32]}"


def multiplies_bytes() -> bool:
    """Whether what is compiled for adds up products of four bytes in one instruction, and brings any bytes together in
    one."""
    return _multiplies_bytes(target())


@cache
def _multiplies_bytes(machine: Machine) -> bool:
    return makes_tiles(machine.features)


def makes_tiles(features: str) -> bool:
    """Whether code for these features can have the instructions of tiles."""
    return _able(features) >= TILES


@cache
def instructions(machine: Machine) -> tuple[str, ...]:
    """The names of INSTRUCTIONS that code for a machine may have, the best first."""
    return within(able(machine))


def able(machine: Machine) -> set[str]:
    """What a machine is known to be able to do: by its name, if that is a baseline's, and by its features."""
    lacking = {word[1:] for word in machine.features.split(",") if word.startswith("-")}
    return (levels().get(machine.name, set()) | _able(machine.features)) - lacking


def _able(features: str) -> set[str]:
    return {word[1:] for word in features.split(",") if word.startswith("+")}


def baselines() -> tuple[Machine, ...]:
    """The baselines whose code this machine runs, best first."""
    able = _able(here().features)
    return tuple(Machine(name) for name, needed in levels().items() if needed <= able)


def levels() -> dict[str, set[str]]:
    """Names of this architecture's baselines, and what each needs."""
    return _LEVELS.get(keys.architecture(), {"generic": set()})


def target() -> Machine:
    """What is compiled for."""
    return _chosen[0] if _chosen else here()


def readable() -> Iterator[Machine]:
    """Whose code is looked for in the store: the target's first."""
    yield target()
    if not _chosen:
        yield from baselines()


def choose(name: str) -> None:
    """From now on this process compiles for a baseline, and uses no other code.

    Raises UsageError for a name that is none, or one whose code this machine could not try.
    """
    if name not in levels():
        raise errors.unknown("processor", name, list(levels()))
    baseline = next((machine for machine in baselines() if machine.name == name), None)
    if baseline is None:
        raise errors.UsageError(
            f"this machine ({here().name}) cannot run code for {name}, so it could not be tried; it can:"
            f" {', '.join([machine.name for machine in baselines()])}"
        )
    _chosen[:] = [baseline]
