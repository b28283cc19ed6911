"""Every error imgconv raises: its class, its exit code and its sentence.

A sentence says what was expected, what came and what to try. Code elsewhere
writes `raise errors.unknown(...)`; no sentence is composed outside this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

DONE, FAILED, MISUSED, LOSSY, OUR_BUG, INTERRUPTED, PIPE_CLOSED, TERMINATED = 0, 1, 2, 3, 70, 130, 141, 143


class ImgconvError(Exception):
    """The root of everything imgconv raises on purpose; `exit_code` is the command's."""

    exit_code = FAILED


class UsageError(ImgconvError, ValueError):
    """An option, a kernel, a pipeline or an argument that cannot be meant."""

    exit_code = MISUSED


class WindowError(ImgconvError, ValueError):
    """A window that does not fit the image."""


class PixelError(ImgconvError, ValueError):
    """An array whose type or shape cannot be computed with."""


class FileError(ImgconvError, OSError):
    """A file that cannot be read or written."""


class LoopError(ImgconvError, RuntimeError):
    """Compiled code that did not do its work: a bug of ours, never a wrong picture."""

    exit_code = OUR_BUG


class ObjectError(LoopError):
    """Machine code that cannot be emitted or linked here: the next rung is tried."""


# ---------------------------------------------------------------- words


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` for a near miss, else an empty text."""
    from difflib import get_close_matches

    close = get_close_matches(word.lower()[:80], list(known), n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def unknown(what: str, word: str, known: Sequence[str], listing: str = "") -> UsageError:
    """A name that is not in its table; `listing` is a command that prints the table."""
    hint = suggestion(word, known)
    choices = f"{listing} lists them" if listing else f"choose from {', '.join(known)}"
    return UsageError(f"unknown {what} {_shown(word)}{hint or ';'} {'(' + choices + ')' if hint else choices}")


def ambiguous_mirror() -> UsageError:
    return UsageError("border 'mirror' has two readings: reflect repeats the edge pixel (cba|abcd|dcb), reflect101 does not (dcb|abcd|cba); name one of them")


def not_a(what: str, value: object, expected: str) -> UsageError:
    """A value of the wrong form for a parameter."""
    return UsageError(f"{what} {_shown(value)} is not {expected}")


def _shown(value: object) -> str:
    return _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


# ---------------------------------------------------------------- kernels


def kernel_cell(place: str, cell: str) -> UsageError:
    return UsageError(f"kernel, {place}: {_shown(cell)} is not a number (expected 1, -0.5, 1e-3 or 1/9)")


def kernel_ragged(place: str, expected: int, found: int) -> UsageError:
    return UsageError(f"kernel, {place}: {found} number{'s' * (found != 1)} where the rows above have {expected}; every row needs the same length")


def kernel_empty(place: str) -> UsageError:
    return UsageError(f"kernel, {place}: no numbers found; expected rows such as '1,2,1;2,4,2;1,2,1'")


def kernel_not_rows(value: object) -> UsageError:
    return UsageError(f"kernel weights {_shown(value)} are not rows of numbers; expected a list of rows such as [[1, 2, 1]]")


def kernel_weight(value: object) -> UsageError:
    return UsageError(f"kernel weight {_shown(value)} is not a finite real number")


def kernel_too_large(rows: int, columns: int, most: int) -> UsageError:
    return UsageError(f"a kernel of {rows}x{columns} has more than {most} weights; use a smaller one, or apply it in steps")


def kernel_file(path: str, why: str) -> UsageError:
    return UsageError(f"kernel file {path}: {why}")


def which_kernel(path: str, why: str) -> UsageError:
    """`path` stands in a kernel's place and is none."""
    return UsageError(f"which kernel? {path!r} stands in its place, and {why}; name one first: imgconv filter vertical {path} (imgconv kernels lists them)")


def which(what: str, example: str, listing: str = "") -> UsageError:
    """A needed argument was left out."""
    return UsageError(f"which {what}? Name one first, for instance: {example}{f' ({listing} lists them)' if listing else ''}")


def kernel_arguments(name: str, usage: str, given: str) -> UsageError:
    return UsageError(f"kernel {name!r} is written {usage}, not {_shown(given)}")


def divisor(value: object) -> UsageError:
    return UsageError(f"divisor {_shown(value)} cannot divide; expected a finite number other than 0, or auto")


def anchor_outside(anchor: tuple[int, int], rows: int, columns: int) -> UsageError:
    return UsageError(
        f"anchor {anchor[0]},{anchor[1]} lies outside the {rows}x{columns} kernel; rows run from 0 to {rows - 1}, columns from 0 to {columns - 1}"
    )


# ---------------------------------------------------------------- pipelines


def pipeline_empty() -> UsageError:
    return UsageError("the pipeline has no steps; write for instance 'filter vertical | relu | maxpool 2'")


def pipeline_quote(text: str) -> UsageError:
    return UsageError(f"a quotation mark in the pipeline is not closed: {_shown(text)}")


def step(number: int, text: str, why: str) -> UsageError:
    return UsageError(f"step {number} ({_cut(text.strip())}): {why}")


def step_run_option(name: str) -> str:
    return f"{name} belongs to the whole run, not to one step; give it to the command (--{name}) or to imgconv.run({name}=...)"


def step_extra(word: str, value: str, usage: str) -> str:
    return f"{_shown(value)} is one value too many; {word} is written: {usage}"


def step_missing(usage: str) -> str:
    return f"a value is missing; write: {usage}"


def step_twice(name: str) -> str:
    return f"{name} is given twice"


def step_flag_value(name: str) -> str:
    return f"{name} is a flag and takes no value"


def step_needs_value(name: str, metavar: str) -> str:
    return f"{name} needs a value: {name}={metavar}"


def pipeline_file(path: str, why: str) -> UsageError:
    return UsageError(f"pipeline file {path}: {why}")


def pipeline_from_stdin_needs_image() -> UsageError:
    return UsageError("the pipeline is read from standard input, so the image must be named: imgconv run - in.png")


def not_steps(value: object) -> UsageError:
    return UsageError(f"{_shown(value)} is not a pipeline; expected text such as 'filter vertical | relu', a Pipeline, or operations")


# ---------------------------------------------------------------- windows and arrays


def window_does_not_fit(window: tuple[int, int], image: tuple[int, int], advice: str) -> WindowError:
    return WindowError(f"a window of {window[0]}x{window[1]} does not fit an image of {image[0]}x{image[1]} (rows x columns, with padding); {advice}")


def window_sees_nothing(window: tuple[int, int], image: tuple[int, int]) -> WindowError:
    return WindowError(
        f"a pooling window of {window[0]}x{window[1]} would see no pixel of an image of {image[0]}x{image[1]}; use less padding or a larger window"
    )


def window_too_far(window: tuple[int, int], image: tuple[int, int]) -> WindowError:
    return WindowError(
        f"a window of {window[0]}x{window[1]} on an image of {image[0]}x{image[1]} reaches too far to be addressed; use a smaller window or less padding"
    )


def pixel_type(name: str) -> PixelError:
    return PixelError(f"pixels of type {name} cannot be filtered; expected integers, floats or booleans (complex numbers and objects have no rule)")


def pixel_integers_too_large(name: str, largest: int) -> PixelError:
    return PixelError(f"{name} pixels up to {largest} would lose digits (float64 is exact up to 2**53); scale them down or convert them to float64 yourself")


def pixel_shape(shape: tuple[int, ...]) -> PixelError:
    return PixelError(f"an array of shape {shape} is not an image; expected (height, width) or (height, width, channels)")


def pixel_none(shape: tuple[int, ...]) -> PixelError:
    return PixelError(f"an array of shape {shape} has no pixels")


def no_gray(channels: int) -> PixelError:
    return PixelError(f"{channels} channels have no rule for gray; expected 1 or 3 (red, green, blue)")


def out_mismatch(what: str, expected: object, found: object) -> PixelError:
    return PixelError(f"out has {what} {found}; the result has {expected}")


def out_not_array(found: str) -> PixelError:
    return PixelError(f"out is a {found}; expected a numpy array to fill")


def out_readonly() -> PixelError:
    return PixelError("out is read-only; pass an array that can be written")


def out_overlaps() -> PixelError:
    return PixelError("out overlaps the input, which is still read while it is filled; pass another array")


def no_memory(what: str) -> ImgconvError:
    return ImgconvError(f"not enough memory for {what}; use a smaller image or window, or a larger stride")


# ---------------------------------------------------------------- files and streams


def file_missing(path: str) -> FileError:
    return FileError(f"{path}: no such file")


def file_unreadable(path: str, why: str) -> FileError:
    return FileError(f"{path}: cannot be read ({why})")


def file_is_folder(path: str) -> FileError:
    return FileError(f"{path}: is a folder, not an image; name the images in it (for instance {path.rstrip('/')}/*.png)")


def file_empty(path: str) -> FileError:
    return FileError(f"{path}: empty, no image in it")


def file_unknown(path: str) -> FileError:
    return FileError(f"{path}: not an image that imgconv or Pillow recognises")


def file_broken(path: str, why: str) -> FileError:
    return FileError(f"{path}: broken or cut short ({why})")


def file_mode(path: str, mode: str, served: Sequence[str]) -> FileError:
    return FileError(f"{path}: pixel mode {mode} is not served yet (served: {', '.join(served)}); convert the file first")


def file_narrowed(path: str) -> FileError:
    return FileError(f"{path}: has 16 bits a channel, of which Pillow would keep only 8; refused rather than lost (convert it to 8 bits, or load it as .npy)")


def file_too_large(path: str, why: str) -> FileError:
    return FileError(f"{path}: refused as a possible decompression bomb ({why})")


def file_pickle(path: str) -> FileError:
    return FileError(f"{path}: holds Python objects (pickle), which are never loaded; save plain numbers with numpy.save")


def no_folder(path: str, folder: str) -> FileError:
    return FileError(f"{path}: there is no folder {folder} (a folder named as -o {folder}/ is made)")


def named(path: str, error: ImgconvError) -> ImgconvError:
    """The same error, saying which image it is about."""
    return type(error)(f"{path}: {error}")


def file_unwritable(path: str, why: str) -> FileError:
    return FileError(f"{path}: cannot be written ({why})")


def resolution(dpi: float) -> ValueError:
    """The writer that meets it knows no path; `file_unwritable` says where."""
    return ValueError(f"a resolution of {dpi:g} dots per inch has no place in a PNG")


def file_exists(path: str) -> FileError:
    return FileError(f"{path}: exists already and was not replaced (--overwrite replaces it, -o FILE names another)")


def format_unknown(word: str, known: Sequence[str]) -> UsageError:
    return UsageError(f"format {_shown(word)} is not known{suggestion(word, known) or ';'} choose from {', '.join(known)}")


def format_no_suffix(path: str, known: Sequence[str]) -> UsageError:
    return UsageError(f"{path}: no suffix tells the format; add one (.{', .'.join(known[:4])} ...) or give --format")


def format_cannot_hold(path: str, name: str, what: str, able: Sequence[str]) -> FileError:
    return FileError(f"{path}: {name.upper()} cannot hold {what}; formats that can: {', '.join(able) or 'none'}")


def no_input() -> UsageError:
    return UsageError("no input: name an image, or pipe one in (imgconv ... < in.png)")


def stdin_twice() -> UsageError:
    return UsageError("standard input ('-') is named more than once; it can be read only once")


def several_to_one_stream(count: int) -> UsageError:
    return UsageError(f"{count} images cannot go to one stream; give a folder: -o out/")


def output_is_file(path: str, count: int) -> UsageError:
    return UsageError(f"{path} is a file, and {count} results cannot go into one file; give a folder: -o out/")


def binary_to_terminal() -> UsageError:
    return UsageError("an image would fill the terminal with noise; redirect it (> out.png) or name a file (-o out.png)")


def output_is_input(path: str) -> UsageError:
    return UsageError(f"{path} is also an input; --overwrite replaces it, -o names another file")


def outputs_collide(path: str, first: str, second: str) -> UsageError:
    return UsageError(f"{first} and {second} would both be written to {path}; give them different names or folders")


# ---------------------------------------------------------------- ourselves


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


def object_crashed(name: str, how: str) -> LoopError:
    return LoopError(f"the machine code of loop {name} did not survive its trial ({how}) and was thrown away; IMGCONV_NO_JIT=1 does without, slowly")


def cpu_beyond(name: str, here: str, able: Sequence[str]) -> UsageError:
    return UsageError(f"this machine ({here}) cannot run code for {name}, so it could not be tried; it can: {', '.join(able)}")


def compiling(folder: str | None) -> str:
    """Said once, before a first compilation."""
    return f"compiling for this machine, once (kept in {folder})" if folder else "compiling for this run only ('imgconv doctor' tells why not for good)"


def warmed(kept: int, compiled: int, seconds: float, folder: str, cpu: str) -> str:
    return f"{kept + compiled} loops for {cpu} in {folder}: {kept} there already, {compiled} compiled ({seconds:.1f} s)"


def not_warmed(count: int) -> str:
    return f"{count} loops could not be made into objects here and were not kept; they are compiled anew in each run"


def warm_without_objects() -> UsageError:
    return UsageError("IMGCONV_NO_JIT or IMGCONV_JIT=stock is set: nothing would be kept; unset it to compile ahead")


def folder_unusable(folder: str, why: str) -> FileError:
    return FileError(f"{folder}: loops cannot be kept there ({why})")


def no_cache_folder() -> FileError:
    return FileError("there is no home folder to keep loops in; IMGCONV_CACHE_DIR names another, --dir too")


def our_bug(error: BaseException) -> str:
    return f"a bug of imgconv, not of yours: {type(error).__name__}: {error} (IMGCONV_DEBUG=1 shows where; please report it)"
