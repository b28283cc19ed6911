"""What Linux's control groups (cgroups, versions 1 and 2) allow this process to take of memory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_FILES = {"cgroup": "memory.limit_in_bytes", "cgroup2": "memory.max"}
"""Where each version's limit stands, by the type of its file system."""


def memory_limits(process: str = "/proc/self") -> list[float]:
    """The limits of the process's groups and of all that these lie in; those of groups without one are left out."""
    try:
        groups, mounts = (_lines(os.path.join(process, name)) for name in ("cgroup", "mountinfo"))
    except (OSError, UnicodeDecodeError):
        return []
    limits = []
    for path in _files(groups, mounts):
        with contextlib.suppress(OSError, ValueError), open(path, encoding="ascii") as file:  # "max" is no number
            limits.append(float(int(file.read())))
    return limits


def _lines(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def _files(groups: list[str], mounts: list[str]) -> Iterator[str]:
    """Where limits may stand: in the process's group, and from there up to where its hierarchy is mounted.

    A group that the mount does not show (a container's that has no namespace of its own) is the mount's root.
    """
    paths = dict(_group(line) for line in groups if line.count(":") >= 2)
    for line in mounts:
        before, _, behind = (part.split(" ") for part in line.partition(" - "))
        if len(before) < 5 or len(behind) < 3 or behind[0] not in paths:
            continue
        if behind[0] == "cgroup" and "memory" not in behind[2].split(","):
            continue
        root, place = (_unescaped(field).rstrip("/") for field in before[3:5])
        group = paths[behind[0]].rstrip("/") + "/"
        folder = os.path.normpath(place + group.removeprefix(root)) if group.startswith(f"{root}/") else place
        while place and f"{folder}/".startswith(f"{place}/"):
            yield os.path.join(folder, _FILES[behind[0]])
            folder = os.path.dirname(folder)


def _group(line: str) -> tuple[str, str]:
    """The type of file system of a hierarchy, and the process's group in it; empty for others than memory's."""
    number, controllers, path = line.split(":", 2)
    if number == "0" and not controllers:
        return "cgroup2", path
    return "cgroup" if "memory" in controllers.split(",") else "", path


def _unescaped(field: str) -> str:
    """A field of mountinfo, whose blanks are octal."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, character)
    return field
