"""`imgconv.batch`: a pipeline over many files, as a call."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.batches.execution import execute
from imgconv.batches.inputs import Inputs
from imgconv.batches.jobs import Naming, plan_jobs
from imgconv.batches.options import settings_of
from imgconv.batches.run_report import record as record_of
from imgconv.batches.settings import Manner
from imgconv.batches.task import Listener, Run
from imgconv.operations.pipeline import pipeline as pipeline_of
from imgconv.values.arguments import path_text
from imgconv.values.clusters import CLUSTER
from imgconv.values.parameters import JOBS

if TYPE_CHECKING:
    from concurrent.futures import Executor


def batch(
    pipeline: Any,
    inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str] | None = None,
    *,
    executor: Executor | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    recursive: bool = False,
    format: str | None = None,
    overwrite: bool = False,
    manifest: str | os.PathLike[str] | None = None,
    fail_fast: bool = False,
    on_record: Callable[[dict[str, Any]], None] | None = None,
    **options: Any,
) -> list[dict[str, Any]]:
    """Run a pipeline over many image files.

    An image that fails does not end the others: its record says why.

    Parameters
    ----------
    pipeline : str, Pipeline, operation, or sequence of operations
    inputs : path or iterable of paths
        Files, folders, patterns such as ``"scans/*.png"``, and lists (``"@list.txt"``). What exists is taken literally.
    output : path, optional
        A folder, or a template such as ``"out/{dir}/{stem}-{op}{ext}"``; for a single file also a file. None puts each
        result beside its input, as ``in-vertical.png``.
    executor : concurrent.futures.Executor, optional
        Who performs the tasks, which are small picklable values: threads, processes, or a cluster (of a Dask client:
        ``client.get_executor()``). None uses processes of imgconv's own where there is enough work, and else works in
        this thread.
    jobs : int, optional
        Images to work on at a time. None is the executor's or the cluster's number of workers, or all processors.
    cluster : str, optional
        Where a scheduler of Dask listens, such as ``"tcp://10.0.0.5:8786"``, or ``"local:4"`` for so many workers in
        processes of this machine (in a script behind ``if __name__ == "__main__":``).
    recursive : bool
        Whether folders include the folders below them.
    format : str, optional
        The format of all results; None is that of the output's suffix, or each input's.
    overwrite : bool
        Whether files in an output folder, derived names and inputs may be replaced.
    manifest : path, optional
        A file of what was done, made if need be. What it shows to be up to date is left out, and each finished output
        is added.
    fail_fast : bool
        Whether nothing more is started once an image has failed.
    on_record : callable, optional
        Gets each record as soon as it is its turn, in the order of the inputs.
    **options
        What the command has by the same names: `dtype`, `range`, `gray`, `flatten`, `alpha`, `channels`, `linear`,
        `crop`, `roi`, `mask` (a path), `recipe`, `threads`, `strict`, `skip_existing`, `frames`, `max_pixels`,
        `max_frames`, `max_memory`, `allow_truncated`, `allow_narrowing`, `no_orient`, `strip`, `compress_level`,
        `quality`, `lossless`, `tile`, `bigtiff`, `zarr_format`.

    Returns
    -------
    list of dict
        A record for each image, in the order of the inputs, with the fields of the command's reports; `error` is None
        where all went well, and `outputs` are the paths that were written.

    Raises
    ------
    UsageError
        For an option, a pipeline or an output that makes no sense, or if two results would have one path.
    FileError
        If a folder has no images, nothing matches a pattern, or a list or the manifest cannot be opened.
    ImgconvError
        If no scheduler answers, or its workers have other versions.

    Examples
    --------
    >>> import imgconv, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     records = imgconv.batch("filter vertical | maxpool 2", ["samples/digit.png", "samples/logo.png"], folder)
    >>> [record["shape_out"] for record in records]
    [[14, 14, 1], [128, 128, 4]]
    """
    one = isinstance(inputs, (str, os.PathLike))
    if not isinstance(inputs, (str, os.PathLike, Iterable)):
        raise errors.not_a("inputs", inputs, "a path or several paths")
    words = tuple(path_text(word) for word in ([inputs] if one else inputs))  # type: ignore[union-attr]
    if not words or "-" in words:
        raise errors.UsageError("expected files to read; standard input is for the command")
    chosen = Inputs(words, recursive=bool(recursive))
    target = None if output is None else path_text(output)
    if target == "-":
        raise errors.UsageError("expected a folder or a template to write to; standard output is for the command")
    if executor is not None and cluster is not None:
        raise errors.UsageError("an executor and a cluster both say who does the work; give one of them")
    _check_executor(executor)
    steps, settings = pipeline_of(pipeline), settings_of(options)
    steps.require_no_weights()
    beside = () if settings.mask is None else (settings.mask,)
    naming = Naming(target, format, steps.label, bool(overwrite), chosen.several or not one, beside=beside)
    planned = plan_jobs(chosen.sources(naming.folder), naming, stdin_is_terminal=True, stdout_is_terminal=True)
    manner = Manner(
        None if jobs is None else JOBS.read(jobs),
        executor,
        None if cluster is None else CLUSTER.read(cluster),
        None if manifest is None else path_text(manifest),
        bool(fail_fast),
    )
    records: list[dict[str, Any]] = []

    def report(_: object, outcome: Any) -> None:
        records.append(record_of(outcome))
        if on_record is not None:
            on_record(records[-1])

    execute(planned, Run(steps, settings), manner, Listener(report))
    return records


def _check_executor(executor: object) -> None:
    """Raises UsageError for what is no executor; futures of other kinds cannot be waited for with its."""
    if executor is None:
        return
    from concurrent.futures import Executor

    if not isinstance(executor, Executor):
        remedy = "; pass client.get_executor()" if hasattr(executor, "get_executor") else ""
        raise errors.UsageError(f"executor {errors.shown(executor)} is not a concurrent.futures.Executor{remedy}")
