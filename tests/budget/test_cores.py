from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.budget.derive.cores import Cores, granted


def put(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def test_affinity_where_there_is_no_quota(tmp_path: Path) -> None:
    assert granted(tmp_path, affinity=4) == Cores(4.0, "affinity")
    root = put(tmp_path, {"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "max 100000\n"})
    assert granted(root, affinity=4) == Cores(4.0, "affinity")


def test_cgroup_2(tmp_path: Path) -> None:
    root = put(tmp_path, {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"})
    assert granted(root, affinity=4) == Cores(1.5, "cgroup cpu.max")
    assert granted(root, affinity=1) == Cores(1.0, "affinity"), "the least holds"


def test_cgroup_2_is_held_by_those_above_it_too(tmp_path: Path) -> None:
    root = put(
        tmp_path,
        {
            "proc/self/cgroup": "0::/pod/container\n",
            "sys/fs/cgroup/pod/container/cpu.max": "max 100000",
            "sys/fs/cgroup/pod/cpu.max": "200000 100000",
        },
    )
    assert granted(root, affinity=8).count == 2.0


def test_a_container_sees_its_own_cgroup_at_the_mount(tmp_path: Path) -> None:
    root = put(tmp_path, {"proc/self/cgroup": "0::/docker/abc\n", "sys/fs/cgroup/cpu.max": "50000 100000"})
    assert granted(root, affinity=8).count == 0.5


@pytest.mark.parametrize("mount", ["cpu,cpuacct", "cpu"])
def test_cgroup_1(tmp_path: Path, mount: str) -> None:
    root = put(
        tmp_path,
        {
            "proc/self/cgroup": "5:memory:/x\n4:cpu,cpuacct:/pod\n",
            f"sys/fs/cgroup/{mount}/pod/cpu.cfs_quota_us": "300000\n",
            f"sys/fs/cgroup/{mount}/pod/cpu.cfs_period_us": "100000\n",
            f"sys/fs/cgroup/{mount}/cpu.cfs_quota_us": "-1\n",
            f"sys/fs/cgroup/{mount}/cpu.cfs_period_us": "100000\n",
        },
    )
    assert granted(root, affinity=8) == Cores(3.0, "cgroup cpu.cfs_quota_us")


def test_this_machine() -> None:
    assert granted().count > 0
