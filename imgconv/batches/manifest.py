"""The manifest of --update: a file of records, extended by each output that is finished.

Its lines are those of a report. One is written with a single call after its outputs are in place, so a run that is
killed has lost at most the lines of the images under way. Their outputs are made again; as they come out the same, they
are taken over.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from typing import Any

from imgconv import __version__, errors
from imgconv.batches import stamps
from imgconv.batches.inputs import STREAM
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Outcome
from imgconv.batches.run_report import line
from imgconv.files import atomic, urls
from imgconv.values.frozen import replace


class Manifest:
    """An open manifest, which no other run may use meanwhile."""

    def __init__(self, path: str, operation: str, *, writes: bool = True) -> None:
        """Raises UsageError if the file is something else or in use, FileError if it cannot be opened."""
        self.path, self.operation, self._writes = path, operation, writes
        self._file = atomic.continued(path) if writes or os.path.exists(path) else os.open(os.devnull, os.O_RDONLY)
        try:
            self._lock()
            self._stamps = self._read()
        except BaseException:
            os.close(self._file)
            raise

    def _lock(self) -> None:
        with contextlib.suppress(ImportError):
            import fcntl

            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise errors.UsageError(
                    f"{self.path}: another run is using this manifest; wait for it, or name another file"
                ) from None
            except OSError:
                pass  # a file system without locks

    def _read(self) -> dict[str, dict[str, Any]]:
        """The last stamp of each target; a last line that was cut off is removed."""
        found: dict[str, dict[str, Any]] = {}
        whole, text = 0, b""
        with open(os.dup(self._file), "rb") as file:
            for number, text in enumerate(file):
                stamp = _stamp(text)
                if stamp is None and number == 0:
                    raise self._foreign()
                if stamp:  # else half a line, from a disk that was full
                    found[str(stamp.get("target"))] = stamp
                whole += len(text) if text.endswith(b"\n") else 0
        if self._writes and not text.endswith(b"\n"):
            os.ftruncate(self._file, whole)
        return found

    def _foreign(self) -> errors.UsageError:
        return errors.UsageError(f"{self.path}: is not a manifest; name a new file, or one that an earlier run wrote")

    def prepare(self, job: Job) -> Job | Outcome:
        """The job as it is to be run, knowing which of its outputs are ours; or its outcome if it is up to date."""
        stamp = self._stamps.get(urls.whole(job.target), {})
        outputs = [one for one in stamp.get("outputs", ()) if isinstance(one, dict) and "path" in one]
        ours = tuple(one["path"] for one in outputs if stamps.is_unchanged(one["path"], one))
        if outputs and len(ours) == len(outputs) and self._is_current(job, stamp):
            facts = {"input": job.source, "output": ours[0], "outputs": list(ours), "stamp": stamp}
            return Outcome(job.source_name, ours[0], facts=facts, skipped="up to date")
        beside = tuple(replace(one, adopt=True, ours=ours) for one in job.auxiliary)
        return replace(job, adopt=True, ours=ours, auxiliary=beside)

    def _is_current(self, job: Job, stamp: dict[str, Any]) -> bool:
        return (
            stamp.get("operation") == stamps.full_operation(job, self.operation)
            and stamp.get("version") == __version__
            and stamp.get("source") == urls.whole(job.source)
            and STREAM not in (job.source, job.target)
            and stamps.is_unchanged(job.source_file, stamp)
        )

    def add(self, outcome: Outcome) -> None:
        """Adds a finished output. Raises FileError if that fails."""
        if outcome.error is not None or outcome.skipped:
            return
        try:
            content = line(outcome)
            if os.write(self._file, content) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise errors.file_unwritable(self.path, error.strerror or str(error)) from None

    def close(self) -> None:
        os.close(self._file)


def _stamp(text: bytes) -> dict[str, Any] | None:
    """The stamp of a line: empty if the line was cut off or has none, None if it is none of a manifest."""
    if not text.endswith(b"\n"):
        return {} if b'{"input"'.startswith(text[:8]) else None
    try:
        stamp = json.loads(text)["stamp"]
    except (ValueError, KeyError, TypeError):
        return None
    return stamp if isinstance(stamp, dict) else {}
