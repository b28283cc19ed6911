"""What goes where: one job an input, by the rules of names and streams."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from imgconv import errors
from imgconv.files.formats import FORMATS, Format, format_named, format_of, split_member
from imgconv.values.frozen import record, replace

STREAM = "-"


@record
class Job:
    """One image to make: `target` is a path or STREAM; `form` None means the input's own format.

    A `derived` name may change its suffix to that of a format that can hold the result.
    """

    source: str
    target: str
    form: Format | None = None
    replace: bool = False
    derived: bool = False
    in_folder: bool = False
    what: str = ""
    """Which side of the operation it is, if it is not the result itself."""
    sides: tuple[Job, ...] = ()

    @property
    def source_name(self) -> str:
        return "standard input" if self.source == STREAM else self.source

    @property
    def source_file(self) -> str:
        """The file that is read: of an array in a file (`stack.npz:left`) that one."""
        return split_member(self.source)[0]

    @property
    def shown(self) -> str:
        """What is made, where sentences tell results apart."""
        return f"the {self.what} of {self.source_name}" if self.what else self.source_name


def plan_jobs(
    inputs: Sequence[str],
    output: str | None,
    form: str | None,
    label: str,
    *,
    overwrite: bool,
    stdin_is_terminal: bool,
    stdout_is_terminal: bool,
    sides: Mapping[str, str] = MappingProxyType({}),
) -> list[Job]:
    """One job an input, by the rules of names; refuses two results on one path and results on inputs.

    `sides` are the wanted sides of the operation and their paths, to which the same rules apply; in a
    folder a side is a PNG, or of the named format, whatever its input is.

    Raises
    ------
    UsageError
    """
    sources = list(inputs) or [STREAM]
    if not inputs and stdin_is_terminal:
        raise errors.UsageError("no input: name an image, or pipe one in (imgconv ... < in.png)")
    if sources.count(STREAM) > 1:
        raise errors.UsageError("standard input ('-') is named more than once; it can be read only once")
    named = format_named(form) if form else None
    jobs = _placed(sources, output, named, label, overwrite, stdout_is_terminal)
    for what, path in sides.items():
        in_folder = len(sources) > 1 or not _is_file_name(path)
        placed = _placed(
            sources, path, (named or FORMATS["png"]) if in_folder else None, what, overwrite, stdout_is_terminal
        )
        jobs = [
            replace(job, sides=(*job.sides, replace(side, what=what))) for job, side in zip(jobs, placed, strict=True)
        ]
    _refuse_clashes(jobs, overwrite)
    return jobs


def _is_file_name(path: str) -> bool:
    """Whether a path that is given for an output means a file (or a stream), and not a folder."""
    return not (os.path.isdir(path) or path.endswith((os.sep, os.altsep or os.sep)))


def _placed(
    sources: list[str], output: str | None, named: Format | None, label: str, overwrite: bool, stdout_is_terminal: bool
) -> list[Job]:
    if output is None and stdout_is_terminal:
        return [Job(source, _derived(source, label, named), named, overwrite, derived=True) for source in sources]
    if output is None or output == STREAM:
        if len(sources) > 1:
            raise errors.UsageError(f"{len(sources)} images cannot go to one stream; give a folder: -o out/")
        if stdout_is_terminal:
            raise errors.binary_to_terminal()
        return [Job(sources[0], STREAM, named or FORMATS["png"])]
    if _is_terminal(output):
        raise errors.binary_to_terminal()
    if len(sources) > 1 or not _is_file_name(output):
        if os.path.exists(output) and not os.path.isdir(output):
            raise errors.UsageError(
                f"{output} is a file, and {len(sources)} results cannot go into one file; give a folder: -o out/"
            )
        return [
            Job(
                source,
                os.path.join(output, _kept(source, named)),
                named or _stream_form(source),
                overwrite,
                in_folder=True,
            )
            for source in sources
        ]
    return [Job(sources[0], output, named or _form_of(output), replace=True)]


def _stream_form(source: str) -> Format | None:
    """A stream has no name to keep, so it becomes `stdin.png`, and that is a PNG."""
    return FORMATS["png"] if source == STREAM else None


def _is_terminal(path: str) -> bool:
    """Whether a path names a terminal, as /dev/stdout may."""
    try:
        if not stat.S_ISCHR(os.stat(path).st_mode):
            return False
    except OSError:
        return False
    from imgconv.files import atomic

    return atomic.is_terminal(path)


def _form_of(path: str) -> Format:
    """By the suffix; a FIFO or device has none and takes what a stream takes."""
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        return FORMATS["png"]
    return format_of(path)


def _derived(source: str, label: str, named: Format | None) -> str:
    stem, suffix = os.path.splitext(_name(source))
    if named:
        suffix = named.suffixes[0]
    return f"{stem}-{label}{suffix or '.png'}"


def _kept(source: str, named: Format | None) -> str:
    name = _name(source.rstrip("/\\"))
    return os.path.splitext(name)[0] + named.suffixes[0] if named else name


def _name(source: str) -> str:
    """The name of an input without its folder; an array in a file (`stack.npz:left`) is called after both
    (`stack-left.npz`)."""
    if source == STREAM:
        return "stdin.png"
    file, member = split_member(source)
    stem, suffix = os.path.splitext(os.path.basename(file))
    return f"{stem}-{re.sub(r'[^0-9A-Za-z_.-]', '-', member)}{suffix}" if member else stem + suffix


def _refuse_clashes(jobs: list[Job], overwrite: bool) -> None:
    read = {os.path.realpath(job.source_file) for job in jobs if job.source != STREAM}
    written: dict[str, str] = {}
    for one in (each for job in jobs for each in (job, *job.sides)):
        where = STREAM if one.target == STREAM else os.path.realpath(one.target)
        if where in written:
            raise errors.outputs_collide(
                "standard output" if where == STREAM else one.target, written[where], one.shown
            )
        if where in read and not overwrite:
            raise errors.UsageError(f"{one.target} is also an input; --overwrite replaces it, -o names another file")
        written[where] = one.shown
