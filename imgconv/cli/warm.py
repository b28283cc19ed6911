"""`imgconv warm`: compiles ahead what images, kernels and poolings need."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from imgconv import errors
from imgconv.cli.command import Command
from imgconv.cli.messages import Finished, complain
from imgconv.cli.options import option, quiet
from imgconv.values import groups
from imgconv.values.parameters import FLAG

if TYPE_CHECKING:
    from imgconv.cli.warm_workers import Progress

EXAMPLES = ("imgconv warm", "imgconv warm --all", "imgconv warm --dir /usr/share/imgconv/loops --cpu x86-64-v3")
HELP = (
    "Compile what is likely to be needed, so that no later run has to wait: 8-bit images, gray, in colour and with"
    " alpha, through every named kernel, weights of up to 11x11, pooling, activations, gradients and Canny; 16-bit and"
    " float images through plain filters and poolings; small networks. With --dir, into a folder of its own, for a"
    " container image that other machines run: there IMGCONV_CACHE_DIR names it, after a folder that can be written."
)


def command() -> Command:
    params: list[click.Parameter] = [
        option(
            "--dir folder",
            "FOLDER",
            groups.FILES,
            "Folder to store the loops in.  [default: the cache folder; 'imgconv doctor' shows it]",
            "Folder to store the loops in.",
        ),
        option(
            "--cpu",
            "NAME",
            groups.OPERATION,
            "Compile for a baseline such as x86-64-v3 instead of this machine.",
            "Compile for a baseline such as x86-64-v3.",
        ),
        option(
            "--all",
            FLAG,
            groups.OPERATION,
            "Compile everything in the tables: every detector, combination and output type, also of 16-bit and float"
            " images.  [default: what is likely]",
            "Everything, not only what is likely.",
        ),
        quiet(),
    ]
    return Command(
        "warm",
        params=params,
        callback=_warm,
        help=HELP,
        brief="Compile ahead, so that no run waits",
        examples=EXAMPLES,
    )


def _warm(folder: str | None, cpu: str | None, quiet: bool, **given: Any) -> None:
    from imgconv.cli import warm_tasks
    from imgconv.cli.warm_workers import run_all
    from imgconv.jit import build, machine, store

    start, place = time.perf_counter(), _target_folder(folder, cpu)
    tasks = warm_tasks.tasks(every=given["all"])
    progress = run_all(tasks, cpu, _shown(len(tasks), quiet=quiet))
    if cpu is not None:
        store.mark_ahead(cpu)
    stored, compiled, stock = (progress.count(origin) for origin in (build.STORED, build.COMPILED, build.STOCK))
    if not quiet:
        complain(
            f"{stored + compiled} loops for {machine.target().name} in {place}: {stored} there already, {compiled}"
            f" compiled ({time.perf_counter() - start:.1f} s)"
        )
    if stock:
        complain(f"{stock} loops could not be stored on this machine; each run compiles them again")
    raise Finished(errors.FAILED if stock else errors.DONE)


def _shown(count: int, *, quiet: bool) -> Callable[[Progress], None]:
    """Shows on a terminal how far it is, in one line."""
    from imgconv.jit import build

    def show(progress: Progress) -> None:
        if quiet or sys.stderr is None or not sys.stderr.isatty():
            return
        share, compiled = progress.done * 100 // count, progress.count(build.COMPILED)
        line = f"\rimgconv: {share:3} %, {compiled} compiled " if progress.done < count else "\r\x1b[K"
        print(line, end="", file=sys.stderr, flush=True)

    return show


def _target_folder(folder: str | None, cpu: str | None) -> str:
    """The folder that loops will be stored in. Raises ImgconvError where there is none."""
    from imgconv.jit import build, machine, plain_python, store

    if plain_python() or build.stock_wanted():
        raise errors.UsageError(
            "IMGCONV_NO_JIT or IMGCONV_JIT=stock is set: nothing would be stored; unset it to compile ahead"
        )
    if cpu is not None:
        machine.choose(cpu)
    if folder is not None:
        os.environ["IMGCONV_CACHE_DIR"] = _created_folder(folder)
    place = store.writable_folder()
    if place is not None:
        return str(place)
    if first := store.folders()[:1]:
        raise _unusable(str(first[0]), store.state(first[0])[0])
    raise errors.FileError("IMGCONV_CACHE_DIR names no folder to store loops in; name one there or with --dir")


def _unusable(folder: str, reason: str) -> errors.FileError:
    return errors.FileError(
        f"{folder if len(folder) <= 400 else errors.cut(folder)}: loops cannot be stored there ({reason})"
    )


def _created_folder(folder: str) -> str:
    """The absolute path of the folder, which is created if need be, readable by all since others are to use it."""
    path = os.path.abspath(folder)
    if os.pathsep in path:
        raise _unusable(path, f"{os.pathsep} separates folders in IMGCONV_CACHE_DIR")
    from imgconv.jit import trust

    try:
        fault = trust.fault(path, make=0o755)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from None
    if fault:
        raise _unusable(path, fault)
    return path
