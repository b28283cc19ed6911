"""Sentences about ourselves: loops, their machine code, the store."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.errors.base import FileError, LoopError, ObjectError, UsageError, cut, shown


def loop_status(name: str, status: int) -> LoopError:
    return LoopError(f"the loop {name} stopped with status {status}; no result was made")


def loop_argument(name: str, argument: str, why: str) -> LoopError:
    return LoopError(f"the loop {name} was given {argument} {why}")


def bands_missing(done: int, planned: int) -> LoopError:
    return LoopError(f"only {done} of {planned} bands were computed; no result was made")


def object_refused(name: str, why: str) -> ObjectError:
    return ObjectError(f"the machine code of loop {name} cannot be used: {why}")


def link_refused(name: str, why: str) -> ObjectError:
    return ObjectError(f"the machine code of loop {name} cannot be used: the linker says {why}")


def sources_missing(place: str) -> FileError:
    return FileError(
        f"{place}: the sources of the loops are not there, from which machine code is made; install imgconv as a"
        " package or put its .py files there"
    )


def forked_midway() -> LoopError:
    return LoopError(
        "this process was forked while another thread was compiling, and cannot compile by itself; fork later, or"
        " compile ahead ('imgconv warm')"
    )


def tiles_unmade() -> ObjectError:
    return ObjectError(
        "8-bit images take loops with AVX-512 VNNI here, and this process has set Numba to do without; set it before"
        " the first image is computed"
    )


def numba_unusable(error: Exception, settings: Sequence[str]) -> UsageError | LoopError:
    why = f"{type(error).__name__}: {str(error).rstrip('.')}"
    if settings:
        return UsageError(f"Numba refuses its settings ({why}); unset {', '.join(settings)}")
    return LoopError(
        f"Numba cannot be loaded ({why}); install it anew, or set IMGCONV_NO_JIT=1, which does without, slowly"
    )


def features_misspelt(features: str) -> UsageError:
    return UsageError(
        f"NUMBA_CPU_FEATURES is to be a list such as +avx2,-avx512f, not {shown(features)}; unset it for all that this"
        " machine can do"
    )


def object_crashed(name: str, how: str) -> LoopError:
    return LoopError(
        f"the machine code of loop {name} did not survive its trial ({how}) and was thrown away; IMGCONV_NO_JIT=1 does"
        " without, slowly"
    )


def cpu_beyond(name: str, here: str, able: Sequence[str]) -> UsageError:
    return UsageError(
        f"this machine ({here}) cannot run code for {name}, so it could not be tried; it can: {', '.join(able)}"
    )


def compiling(folder: str | None) -> str:
    """Said once, before a first compilation."""
    return (
        f"compiling for this machine, once (kept in {folder})"
        if folder
        else "compiling for this run only ('imgconv doctor' tells why not for good)"
    )


def warmed(kept: int, compiled: int, seconds: float, folder: str, cpu: str) -> str:
    return f"{kept + compiled} loops for {cpu} in {folder}: {kept} there already, {compiled} compiled ({seconds:.1f} s)"


def not_warmed(count: int) -> str:
    return f"{count} loops could not be made into objects here and were not kept; they are compiled anew in each run"


def warm_without_objects() -> UsageError:
    return UsageError("IMGCONV_NO_JIT or IMGCONV_JIT=stock is set: nothing would be kept; unset it to compile ahead")


def folder_unusable(folder: str, why: str) -> FileError:
    return FileError(f"{folder if len(folder) <= 400 else cut(folder)}: loops cannot be kept there ({why})")


def folder_of_another(path: str) -> str:
    return f"not trusted: {path} belongs to another user"


def folder_open(path: str) -> str:
    return f"not trusted: others can write to {path}"


def folder_not_private(path: str) -> str:
    return (
        f"not trusted: {path} lies in a folder that everybody can write to, so it must be yours and closed to others"
        " (mode 0700)"
    )


def link_in_public(path: str) -> str:
    return f"not trusted: {path} is a link in a folder that everybody can write to"


def folder_relative() -> str:
    return "not trusted: the path does not start at the root"


def folder_deep(levels: int) -> str:
    return f"the path has more than {levels} folders"


def no_cache_folder() -> FileError:
    return FileError("there is no home folder to keep loops in; IMGCONV_CACHE_DIR names another, --dir too")


def our_bug(error: BaseException) -> str:
    return (
        f"a bug of imgconv, not of yours: {type(error).__name__}: {error} (IMGCONV_DEBUG=1 shows where; please"
        " report it)"
    )
