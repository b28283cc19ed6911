"""Retries: a job whose process died is run again, and must not take what it wrote itself for somebody else's."""

from __future__ import annotations

import os
from bisect import bisect_left

from imgconv import errors
from imgconv.batches import stamps
from imgconv.batches.inputs import STREAM
from imgconv.batches.job import Job
from imgconv.files import places, urls
from imgconv.values.frozen import replace


class Retries:
    """Makes jobs such that they may be run more than once.

    A job is told which files were there before the run. Results depend on nothing but the job, so what is there since
    then and has the content of the result is the result. Each folder is looked at once, before the first job writes
    there.
    """

    def __init__(self) -> None:
        self._folders: dict[str, list[str]] = {}

    def prepared(self, job: Job) -> Job:
        """The job, its auxiliary outputs included, with what was there before."""
        auxiliary = tuple(self.prepared(one) for one in job.auxiliary)
        if job.target == STREAM:
            return replace(job, auxiliary=auxiliary)
        if job.replace:
            return replace(job, auxiliary=auxiliary, source_state=_state(job))
        return replace(job, auxiliary=auxiliary, before=self._called_like(job.target))

    def _called_like(self, path: str) -> tuple[str, ...]:
        """The files whose names begin as the path's does: its suffix may change, and its frames may be numbered."""
        folder, name = urls.folder_of(path), os.path.basename(path)
        if folder not in self._folders:
            self._folders[folder] = sorted(places.names_in(folder))
        names, stem = self._folders[folder], os.path.splitext(name)[0]
        first = bisect_left(names, stem)
        found = []
        for other in names[first:]:
            if not other.startswith(stem):
                break
            found.append(other)
        return tuple(found)


def refuse_changed(job: Job) -> None:
    """Raises FileError for an input that its own result may have replaced."""
    if stamps.seen(job.source_file) != job.source_state:
        raise errors.FileError(
            f"{job.source_name}: has changed since the run began; if the process of its first try died, it is the"
            " result already"
        )


def _state(job: Job) -> dict[str, int] | None:
    """The state of an input that its own result replaces: a second try must not take that for the input."""
    if job.source == STREAM or os.path.realpath(job.source_file) != os.path.realpath(job.target):
        return None
    return stamps.seen(job.source_file)
