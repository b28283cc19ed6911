"""Processors that this process may use: those it may run on, or fewer where its control group has a quota of time."""

from __future__ import annotations

import os
from functools import cache


def available() -> int:
    """The number of processors, at least 1."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(mine, quota()))


@cache
def quota(root: str = "/sys/fs/cgroup", groups: str = "/proc/self/cgroup") -> int:
    """Whole processors that Linux's control groups allow, of version 1 and 2: of this process's group and all above it;
    a large number where there is no limit."""
    try:
        with open(groups, encoding="utf-8", errors="replace") as file:
            lines = [line.rstrip("\n").split(":", 2) for line in file]
    except OSError:
        return 2**30
    least = float("inf")
    for _, controllers, group in (line for line in lines if len(line) == 3):
        if not controllers:
            places = [root]
        elif "cpu" in controllers.split(","):
            places = [f"{root}/{controllers}", f"{root}/cpu"]
        else:
            continue
        for place in places:
            for above in _upwards(group):
                least = min(least, _limit(place + above))
    return int(min(least, 2**30))


def _upwards(group: str) -> list[str]:
    """A group and those above it: `/a/b`, `/a`, and the root."""
    parts = [part for part in group.split("/") if part not in ("", "..")]
    return ["/" + "/".join(parts[:count]) if count else "" for count in range(len(parts), -1, -1)]


def _limit(folder: str) -> float:
    """Processors' worth of time that one group may take."""
    try:
        if os.path.exists(f"{folder}/cpu.max"):
            allowed, period = _words(f"{folder}/cpu.max")
        else:
            (allowed,), (period,) = _words(f"{folder}/cpu.cfs_quota_us"), _words(f"{folder}/cpu.cfs_period_us")
        return int(allowed) / int(period) if int(allowed) > 0 else float("inf")
    except (OSError, ValueError, ZeroDivisionError):  # "max" is no number
        return float("inf")


def _words(path: str) -> list[str]:
    with open(path, encoding="ascii") as file:
        return file.read().split()
