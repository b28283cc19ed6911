"""Limits of control groups: of the process's own, and of each that it lies in."""

from __future__ import annotations

import pytest

from imgconv.engine.control_groups import memory_limits


@pytest.fixture
def process(tmp_path):
    """What /proc/self of a process says whose groups are under a folder."""
    (tmp_path / "self").mkdir()

    def made(groups: str, mounts: list[str], limits: dict[str, str]) -> str:
        (tmp_path / "self/cgroup").write_text(groups)
        lines = [mount.replace("AT", str(tmp_path).replace(" ", "\\040")) for mount in mounts]
        (tmp_path / "self/mountinfo").write_text("".join(f"{line}\n" for line in lines))
        for path, limit in limits.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(f"{limit}\n")
        return str(tmp_path / "self")

    return made


UNIFIED = "31 23 0:28 / AT/two rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
MEMORY = "35 31 0:32 / AT/one rw,relatime - cgroup cgroup rw,memory"
PROCESSORS = "32 31 0:29 / AT/cpu rw,relatime - cgroup cgroup rw,cpu"


def test_each_group_up_to_the_mount_counts(process):
    """Of version 2: the limit of a slice holds for its scopes."""
    limits = {"two/a/b/memory.max": "max", "two/a/memory.max": "5000", "two/memory.max": "9000", "memory.max": "1"}
    assert sorted(memory_limits(process("0::/a/b\n", [UNIFIED], limits))) == [5000, 9000]


def test_version_1_is_nested_too(process):
    groups = "4:memory:/pods/one\n3:cpu:/other\n0::/\n"
    limits = {
        "one/pods/one/memory.limit_in_bytes": "4000",
        "one/pods/memory.limit_in_bytes": "3000",
        "one/memory.limit_in_bytes": str(2**63 - 4096),
        "cpu/other/memory.limit_in_bytes": "7",
    }
    found = memory_limits(process(groups, [PROCESSORS, MEMORY, UNIFIED], limits))
    assert sorted(found)[:2] == [3000, 4000]
    assert len(found) == 3


@pytest.mark.parametrize("root", ["/docker/abc", "/docker/ab", "/elsewhere"])
def test_a_mount_shows_a_part_of_the_groups(root, process):
    """A container sees its group at the mount's root, whatever the path."""
    mount = f"35 31 0:32 {root} AT/one rw,relatime - cgroup cgroup rw,memory"
    found = memory_limits(
        process("4:memory:/docker/abc\n", [mount], {"one/memory.limit_in_bytes": "6000", "memory.limit_in_bytes": "1"})
    )
    assert found == [6000]


def test_without_groups_there_is_no_limit(process, tmp_path):
    assert memory_limits(str(tmp_path / "none")) == []
    assert memory_limits(process("0::/a\n", ["nonsense", "1 2 - cgroup2 cgroup2 rw", "- cgroup2"], {})) == []
