"""Jobs: which input becomes which output, one job per input, by the rules of names and streams."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from imgconv import errors
from imgconv.batches import names
from imgconv.batches.inputs import STREAM, Source
from imgconv.batches.job import Job
from imgconv.files import places, urls
from imgconv.files.formats import BY_SUFFIX, FORMATS, TABLE, Format, format_named, format_of
from imgconv.files.zarr.recognition import is_named_zarr
from imgconv.values.frozen import record, replace


@record
class Naming:
    """Where results go: -o (a file, a folder, a template or STREAM), the format if it is named, what derived names say
    was done, and whether files that exist may be replaced."""

    output: str | None = None
    form: str | None = None
    label: str = "run"
    overwrite: bool = False
    several: bool = False
    """Whether the output is a folder even if there is one input."""
    pages: bool = False
    """Whether all results are pages of one file."""
    printed: bool = False
    """Whether the result is printed as a table, and no file is written."""
    viewed: bool = False
    """Whether results are shown; files are written only where `output` names them."""
    beside: tuple[str, ...] = ()
    """Files that are read beside the inputs (a mask), which no result replaces, either."""

    @property
    def folder(self) -> str | None:
        """The folder in which all results lie, if it is known before the inputs are."""
        if self.output in (None, STREAM):
            return None
        return names.fixed_folder(self.output) if names.is_template(self.output) else self.output


def plan_jobs(
    sources: Sequence[Source],
    naming: Naming,
    *,
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
    if not sources and stdin_is_terminal:
        raise errors.UsageError("no input: name an image, or pipe one in (imgconv ... < in.png)")
    sources = list(sources) or [Source(STREAM)]
    if naming.printed:
        _check_printed(naming, len(sources), bool(auxiliary))
    if sum(source.path == STREAM for source in sources) > 1:
        raise errors.UsageError("standard input ('-') is named more than once; it can be read only once")
    if naming.pages:
        return [_job_of_pages(sources, naming, stdout_is_terminal, bool(auxiliary))]
    if len(sources) > 1 and not naming.several:
        naming = replace(naming, several=True)
    jobs = _jobs(sources, naming, stdout_is_terminal)
    for role, path in auxiliary.items():
        in_folder = naming.several or not _is_file_name(path)
        beside = replace(naming, output=path, label=role, form=(naming.form or "png") if in_folder else None)
        others = _jobs(sources, replace(beside, viewed=False), stdout_is_terminal)
        jobs = [
            replace(job, auxiliary=(*job.auxiliary, replace(other, role=role)))
            for job, other in zip(jobs, others, strict=True)
        ]
    _refuse_clashes(jobs, naming)
    return jobs


def _check_printed(naming: Naming, count: int, auxiliary: bool) -> None:
    """UsageError for what does not go with a printed table."""
    if naming.output not in (None, STREAM) or naming.form:
        raise errors.UsageError(
            "--print writes a table to standard output; leave out -o and --format, or write numbers into a file without"
            " --print (-o out.csv)"
        )
    if count > 1 or naming.pages:
        raise errors.UsageError(f"--print shows one result, and there are {count} inputs; name one")
    if auxiliary:
        raise errors.UsageError("--print writes no files; leave out the auxiliary outputs, or --print")


def _job_of_pages(sources: list[Source], naming: Naming, stdout_is_terminal: bool, auxiliary: bool) -> Job:
    """One job for all inputs."""
    output = naming.output or STREAM
    if auxiliary:
        raise errors.UsageError("--pages writes one file; leave out the auxiliary outputs")
    if output != STREAM and (not _is_file_name(output) or names.is_template(output)):
        raise errors.UsageError(f"--pages writes one file; name it (-o sheet.tiff), and not {output}")
    (job,) = _jobs(sources[:1], replace(naming, output=output, several=False), stdout_is_terminal)
    if job.form is None or not job.form.frames:
        able = ", ".join(name for name, form in FORMATS.items() if form.frames)
        raise errors.UsageError(f"{output}: the format has no pages; choose from {able} (-o sheet.tiff, --format tiff)")
    job = replace(job, pages=tuple(source.path for source in sources[1:]))
    read = {os.path.realpath(path) for path in (*(source.path for source in sources), *naming.beside)}
    if output != STREAM and os.path.realpath(output) in read and not naming.overwrite:
        raise errors.UsageError(f"{output} is also an input; --overwrite replaces it, -o names another file")
    return job


def _is_file_name(path: str) -> bool:
    """Whether an output's path names a file (or a stream, or a folder that is an image) and not a folder."""
    return is_named_zarr(path) or not (path.endswith(("/", os.sep)) or places.is_folder(path))


def _jobs(sources: list[Source], naming: Naming, stdout_is_terminal: bool) -> list[Job]:
    """One job per input: derived names, standard output, a template, an output folder, or the one file that is
    named."""
    if naming.printed or (naming.viewed and naming.output is None):
        return [Job(source.path, STREAM, TABLE, unwritten=naming.viewed) for source in sources]
    named, output = format_named(naming.form) if naming.form else None, naming.output
    if output is None and stdout_is_terminal:
        return [_derived_job(source.path, naming, named) for source in sources]
    if output is None or output == STREAM:
        if named is not None and named.folder:
            raise errors.UsageError(f"{named.name.upper()} is a folder, which goes to no stream; name it: -o out.zarr")
        if len(sources) > 1:
            raise errors.UsageError(f"{len(sources)} images cannot go to one stream; give a folder: -o out/")
        if stdout_is_terminal and not (named and named.text):
            raise errors.binary_to_terminal()
        return [Job(sources[0].path, STREAM, named or FORMATS["png"])]
    if _is_terminal(output):
        raise errors.binary_to_terminal()
    if names.is_template(output):
        return _jobs_of_template(sources, output, naming, named)
    if not naming.several and _is_file_name(output):
        output = output.rstrip("/\\") if is_named_zarr(output) else output
        return [Job(sources[0].path, output, named or _form_of(output), replace=True)]
    _require_folder(output, len(sources))
    return [_job_in_folder(source, output, named, naming.overwrite) for source in sources]


def _derived_job(source: str, naming: Naming, named: Format | None) -> Job:
    return Job(source, names.derived_name(source, naming.label, named), named, naming.overwrite, derived=True)


def _jobs_of_template(sources: list[Source], template: str, naming: Naming, named: Format | None) -> list[Job]:
    form = named or (_form_of(template) if names.says_format(template) else None)
    digits = max(3, len(str(len(sources) - 1)))
    paths = (
        names.filled(template, source, naming.label, f"{number:0{digits}}", named)
        for number, source in enumerate(sources)
    )
    return [
        Job(source.path, path, form or _stream_form(source.path), naming.overwrite, in_folder=True)
        for source, path in zip(sources, paths, strict=True)
    ]


def _require_folder(output: str, count: int) -> None:
    """UsageError for an output of several results that is a file, or is called like one."""
    several = f"{count} results" if count > 1 else "results of folders, patterns and lists"
    remedy = "give a folder (-o out/) or a template (-o '{stem}-{op}{ext}')"
    form = BY_SUFFIX.get(os.path.splitext(output)[1].lower())
    if form is not None and form.frames:
        remedy += "; --pages makes pages of them"
    if os.path.exists(output) and not os.path.isdir(output):
        raise errors.UsageError(f"{output} is a file, and {several} cannot go into one file; {remedy}")
    suffix = os.path.splitext(output)[1]
    if _is_file_name(output) and suffix.lower() in BY_SUFFIX:
        raise errors.UsageError(
            f"{output} names one {suffix[1:].upper()} file, and {several} cannot go into one file; {remedy}"
        )


def _job_in_folder(source: Source, folder: str, named: Format | None, overwrite: bool) -> Job:
    path = urls.joined(folder, source.below or "", names.name_in_folder(source.path, named))
    return Job(source.path, path, named or _stream_form(source.path), overwrite, in_folder=True)


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
    if os.path.exists(path) and not (stat.S_ISREG(os.stat(path).st_mode) or is_named_zarr(path)):
        return FORMATS["png"]
    return format_of(path)


def _refuse_clashes(jobs: list[Job], naming: Naming) -> None:
    read = {os.path.realpath(job.source_file) for job in jobs if job.source != STREAM}
    read.update(map(os.path.realpath, naming.beside))
    written: dict[str, str] = {}
    for job in (each for main in jobs for each in (main, *main.auxiliary) if not each.unwritten):
        path = STREAM if job.target == STREAM else os.path.realpath(job.target)
        if urls.is_web(job.target):
            raise errors.UsageError(f"{job.target}: nothing can be written there; say where results go (-o out/)")
        if path in written:
            raise errors.outputs_collide("standard output" if path == STREAM else job.target, written[path], job.shown)
        if path in read and not naming.overwrite:
            raise errors.UsageError(f"{job.target} is also an input; --overwrite replaces it, -o names another file")
        written[path] = job.shown
