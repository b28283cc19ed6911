"""The processor that machine code is made for: this one, or a baseline that many machines share."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from functools import cache

from imgconv import errors


@dataclass(frozen=True)
class Machine:
    """A processor as LLVM names it, and what it can beyond (or short of) its name."""

    name: str
    features: str = ""


_V2 = {"cx16", "popcnt", "sse3", "sse4.1", "sse4.2", "ssse3"}
_V3 = _V2 | {"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"}
_V4 = _V3 | {"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"}
_LEVELS: dict[str, dict[str, set[str]]] = {
    "x86_64": {"x86-64-v4": _V4, "x86-64-v3": _V3, "x86-64-v2": _V2, "x86-64": set()},
    "amd64": {"x86-64-v4": _V4, "x86-64-v3": _V3, "x86-64-v2": _V2, "x86-64": set()},
}
"""Per architecture: baselines, best first, and what a machine must be able to do to run their code."""

_chosen: list[Machine] = []  # at most one: what `choose` named


@cache
def here() -> Machine:
    """This machine, exactly."""
    import llvmlite.binding as llvm

    return Machine(llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())


def baselines() -> tuple[Machine, ...]:
    """The baselines whose code this machine runs, best first."""
    able = {word[1:] for word in here().features.split(",") if word.startswith("+")}
    return tuple(Machine(name) for name, needed in levels().items() if needed <= able)


def levels() -> dict[str, set[str]]:
    """Names of this architecture's baselines, and what each needs."""
    return _LEVELS.get(platform.machine().lower(), {"generic": set()})


def target() -> Machine:
    """What is compiled for."""
    return _chosen[0] if _chosen else here()


def readable() -> tuple[Machine, ...]:
    """Whose code is looked for in the store: the target's first."""
    return (target(),) if _chosen else (here(), *baselines())


def choose(name: str) -> None:
    """From now on this process compiles for a baseline, and uses no other code.

    Raises UsageError for a name that is none, or one whose code this machine could not try.
    """
    if name not in levels():
        raise errors.unknown("processor", name, list(levels()))
    found = next((machine for machine in baselines() if machine.name == name), None)
    if found is None:
        raise errors.cpu_beyond(name, here().name, [machine.name for machine in baselines()])
    _chosen[:] = [found]
