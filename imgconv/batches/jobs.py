"""Jobs: which input becomes which output, one job per input, by the rules of names and streams."""

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
    """One image to make.

    Attributes
    ----------
    source, target : str
        Paths, or STREAM.
    form : Format, optional
        The output's format; None is the input's.
    replace : bool
        Whether a file that is there already may be replaced.
    derived : bool
        Whether imgconv made the target's name: its suffix may become that of a format that can hold the result.
    in_folder : bool
        Whether the target keeps its input's name, in an output folder.
    role : str
        Which auxiliary output of the operation it is; empty for the result itself.
    auxiliary : tuple of Job
        The auxiliary outputs of the same input.
    """

    source: str
    target: str
    form: Format | None = None
    replace: bool = False
    derived: bool = False
    in_folder: bool = False
    role: str = ""
    auxiliary: tuple[Job, ...] = ()

    @property
    def source_name(self) -> str:
        return "standard input" if self.source == STREAM else self.source

    @property
    def source_file(self) -> str:
        """The file that is read; of an array in a file (`stack.npz:left`) the file."""
        return split_member(self.source)[0]

    @property
    def shown(self) -> str:
        """The result as sentences name it."""
        return f"the {self.role} of {self.source_name}" if self.role else self.source_name


def plan_jobs(
    inputs: Sequence[str],
    output: str | None,
    form: str | None,
    label: str,
    *,
    overwrite: bool,
    stdin_is_terminal: bool,
    stdout_is_terminal: bool,
    auxiliary: Mapping[str, str] = MappingProxyType({}),
) -> list[Job]:
    """One job per input. Two results on one path are refused, and so are results on inputs.

    `auxiliary` maps the auxiliary outputs that are wanted to their paths, to which the same rules apply; in a folder an
    auxiliary output is a PNG, or of the named format, whatever its input is.

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
    jobs = _jobs(sources, output, named, label, overwrite, stdout_is_terminal)
    for role, path in auxiliary.items():
        in_folder = len(sources) > 1 or not _is_file_name(path)
        form_beside = (named or FORMATS["png"]) if in_folder else None
        beside = _jobs(sources, path, form_beside, role, overwrite, stdout_is_terminal)
        jobs = [
            replace(job, auxiliary=(*job.auxiliary, replace(other, role=role)))
            for job, other in zip(jobs, beside, strict=True)
        ]
    _refuse_clashes(jobs, overwrite)
    return jobs


def _is_file_name(path: str) -> bool:
    """Whether an output's path names a file (or a stream) and not a folder."""
    return not (os.path.isdir(path) or path.endswith((os.sep, os.altsep or os.sep)))


def _jobs(
    sources: list[str], output: str | None, named: Format | None, label: str, overwrite: bool, stdout_is_terminal: bool
) -> list[Job]:
    """One job per input: derived names, standard output, an output folder, or the one file that is named."""
    if output is None and stdout_is_terminal:
        return [Job(source, _derived_name(source, label, named), named, overwrite, derived=True) for source in sources]
    if output is None or output == STREAM:
        if len(sources) > 1:
            raise errors.UsageError(f"{len(sources)} images cannot go to one stream; give a folder: -o out/")
        if stdout_is_terminal:
            raise errors.binary_to_terminal()
        return [Job(sources[0], STREAM, named or FORMATS["png"])]
    if _is_terminal(output):
        raise errors.binary_to_terminal()
    if len(sources) == 1 and _is_file_name(output):
        return [Job(sources[0], output, named or _form_of(output), replace=True)]
    if os.path.exists(output) and not os.path.isdir(output):
        raise errors.UsageError(
            f"{output} is a file, and {len(sources)} results cannot go into one file; give a folder: -o out/"
        )
    return [_job_in_folder(source, output, named, overwrite) for source in sources]


def _job_in_folder(source: str, folder: str, named: Format | None, overwrite: bool) -> Job:
    path = os.path.join(folder, _name_in_folder(source, named))
    return Job(source, path, named or _stream_form(source), overwrite, in_folder=True)


def _stream_form(source: str) -> Format | None:
    """A stream has no name, so its result is `stdin.png`, a PNG."""
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
    """The format of the suffix; a FIFO or device has no suffix and gets what a stream gets."""
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        return FORMATS["png"]
    return format_of(path)


def _derived_name(source: str, label: str, named: Format | None) -> str:
    stem, suffix = os.path.splitext(_name(source))
    if named:
        suffix = named.suffixes[0]
    return f"{stem}-{label}{suffix or '.png'}"


def _name_in_folder(source: str, named: Format | None) -> str:
    name = _name(source.rstrip("/\\"))
    return os.path.splitext(name)[0] + named.suffixes[0] if named else name


def _name(source: str) -> str:
    """The name of an input without its folder; that of an array in a file (`stack.npz:left`) is made of both
    (`stack-left.npz`)."""
    if source == STREAM:
        return "stdin.png"
    file, member = split_member(source)
    stem, suffix = os.path.splitext(os.path.basename(file))
    return f"{stem}-{re.sub(r'[^0-9A-Za-z_.-]', '-', member)}{suffix}" if member else stem + suffix


def _refuse_clashes(jobs: list[Job], overwrite: bool) -> None:
    read = {os.path.realpath(job.source_file) for job in jobs if job.source != STREAM}
    written: dict[str, str] = {}
    for job in (each for main in jobs for each in (main, *main.auxiliary)):
        path = STREAM if job.target == STREAM else os.path.realpath(job.target)
        if path in written:
            raise errors.outputs_collide("standard output" if path == STREAM else job.target, written[path], job.shown)
        if path in read and not overwrite:
            raise errors.UsageError(f"{job.target} is also an input; --overwrite replaces it, -o names another file")
        written[path] = job.shown
