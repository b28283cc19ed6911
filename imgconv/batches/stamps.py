"""Stamps: what a manifest keeps of a job that was done, so that a later run can see whether it is up to date."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from imgconv import __version__
from imgconv.batches.job import Job
from imgconv.files import urls
from imgconv.values.frozen import fields, is_record, record

if TYPE_CHECKING:
    from imgconv.batches.settings import Settings
    from imgconv.operations.pipeline import Pipeline

_SETTLED = 2 * 10**9
"""Nanoseconds after which a change of a file surely shows in its time."""
_WITHOUT_EFFECT = ("threads", "plans", "operation", "skip_existing", "max_memory", "max_pixels", "max_frames", "strict")
"""Settings that decide whether there is a result and not what it is."""


def operation(pipeline: Pipeline, settings: Settings) -> str:
    """The pipeline's text, and a digest of everything that a result depends on beside the input and the format."""
    digest = hashlib.sha256()
    for value in (pipeline.steps, settings):
        _add(digest, value)
    if settings.mask is not None:
        _add(digest, digest_of(settings.mask))
    return f"{pipeline} #{digest.hexdigest()[:32]}"


def _add(digest: Any, value: Any) -> None:
    """Adds a value, with its type and its end, so that no two are alike; arrays whole, records by their fields."""
    digest.update(f"<{type(value).__name__}".encode())
    if hasattr(value, "tobytes") and hasattr(value, "dtype"):
        digest.update(f"{value.dtype}{value.shape}".encode() + value.tobytes())
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            _add(digest, (key, value[key]))
    elif isinstance(value, (tuple, list)):
        for each in value:
            _add(digest, each)
    elif is_record(value):
        for one in fields(value):
            if one.compare and one.name not in _WITHOUT_EFFECT:
                _add(digest, (one.name, getattr(value, one.name)))
    else:
        digest.update(repr(value).encode())
    digest.update(b">")


def seen(path: str) -> dict[str, Any] | None:
    """The size and time of a file that is about to be read; None if it is none."""
    if urls.is_url(path):
        from imgconv.files import remote

        return remote.state(path)
    try:
        status = os.stat(path)
    except OSError:
        return None
    if stat.S_ISDIR(status.st_mode):
        inside = [os.stat(member) for member in _members(path)]
        times = [status.st_mtime_ns, *(member.st_mtime_ns for member in inside)]
        return {"size": sum(member.st_size for member in inside), "time": max(times)}
    return {"size": status.st_size, "time": status.st_mtime_ns}


def _members(path: str) -> list[str]:
    """The files in a folder that is an image."""
    return sorted(os.path.join(place, name) for place, _, names in os.walk(path) for name in names)


@record
class Begun:
    """A job's input as it was before the job read it."""

    job: Job
    operation: str
    before: dict[str, Any] | None
    hash: str | None
    """Of a file that was changed so lately that one more change might not show in its time."""

    def stamp(self, paths: Iterable[str]) -> dict[str, Any] | None:
        """The stamp of the job that is done and wrote `paths`; None if the input has changed meanwhile."""
        job, before = self.job, self.before
        digest = self.hash or digest_of(job.source_file)
        if before is None or seen(job.source_file) != before:
            return None
        return {
            "source": urls.whole(job.source),
            "size": before["size"],
            "time": None if self.hash else before["time"],
            "hash": digest,
            "target": urls.whole(job.target),
            "operation": full_operation(job, self.operation),
            "version": __version__,
            "outputs": [_output(path) for path in paths],
        }


def _output(path: str) -> dict[str, Any]:
    return {"path": urls.whole(path), **(seen(path) or {}), "hash": digest_of(path)}


def begun(job: Job, operation_: str) -> Begun:
    """What is known of a job's input before it is read."""
    before = seen(job.source_file)
    recent = before is not None and _is_recent(before["time"])
    return Begun(job, operation_, before, digest_of(job.source_file) if recent else None)


def _is_recent(changed: object) -> bool:
    """Whether one more change might not show in a file's time; versions (ETag) show every change."""
    return isinstance(changed, int) and changed > time.time_ns() - _SETTLED


def full_operation(job: Job, operation_: str) -> str:
    """The operation with the formats and the auxiliary outputs of a job."""
    forms = [f"{each.role}={each.form.name if each.form else 'same'}" for each in (job, *job.auxiliary)]
    return " ".join([operation_, *forms])


def digest_of(path: str) -> str | None:
    """The hash of the content of a file, or of the names and files in a folder; None if it cannot be read, or lies at a
    URL, from which it would have to be fetched."""
    if urls.is_url(path):
        return None
    try:
        if os.path.isdir(path):
            listed = [f"{os.path.relpath(member, path)} {digest_of(member)}\n" for member in _members(path)]
            return f"sha256:{hashlib.sha256(''.join(listed).encode('utf-8', 'surrogateescape')).hexdigest()}"
        with open(path, "rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError:
        return None


def is_unchanged(path: str, known: dict[str, Any]) -> bool:
    """Whether a file is as it was: of the same size, and of the same time or else the same content."""
    now = seen(path)
    if now is None or now["size"] != known.get("size"):
        return False
    if now["time"] is not None and now["time"] == known.get("time"):
        return True
    return known.get("hash") is not None and digest_of(path) == known["hash"]
