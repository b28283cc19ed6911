"""Tasks that run elsewhere, where the current folder is another one: with whole paths there, and named here as the user
named them."""

from __future__ import annotations

import os
import re
from typing import Any

from imgconv import errors
from imgconv.batches.inputs import STREAM
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Outcome
from imgconv.batches.task import Task
from imgconv.files.text.recognition import is_inline
from imgconv.files.urls import is_url
from imgconv.values.frozen import replace

_AS_IT_IS = ("stamp",)
"""Facts whose paths are whole ones anyway."""
_BEGINS = r"(?<![^\s'\"(\[:=])"
"""Where a path begins in a text; what lies within a longer path (a copy of the tree elsewhere) is a part of that."""


class Elsewhere:
    """The task as it is sent, and what it is named by here."""

    def __init__(self, task: Task) -> None:
        self._here: dict[str, str] = {}
        self.task = replace(task, job=self._job(task.job))

    def _job(self, job: Job) -> Job:
        return replace(
            job,
            source=self._whole(job.source),
            target=self._whole(job.target),
            pages=tuple(self._whole(path) for path in job.pages),
            auxiliary=tuple(self._job(one) for one in job.auxiliary),
        )

    def _whole(self, path: str) -> str:
        if path == STREAM or os.path.isabs(path) or is_inline(path) or is_url(path):
            return path
        whole = os.path.join(os.getcwd(), path)
        # suffixes may change, and frames get numbers
        self._here[os.path.splitext(whole)[0]] = os.path.splitext(path)[0]
        return whole

    def named(self, outcome: Outcome) -> Outcome:
        """The outcome with the names that the user gave."""
        if not self._here:
            return outcome
        facts = {key: value if key in _AS_IT_IS else self._said(value) for key, value in outcome.facts.items()}
        return replace(
            outcome,
            source=self._text(outcome.source),
            target=self._text(outcome.target),
            summary=tuple(map(self._text, outcome.summary)),
            notes=tuple(replace(note, text=self._text(note.text)) for note in outcome.notes),
            facts=facts,
            clamping=outcome.clamping and replace(outcome.clamping, file=self._text(outcome.clamping.file)),
            error=None if outcome.error is None else self._error(outcome.error),
        )

    def _error(self, error: errors.ImgconvError) -> errors.ImgconvError:
        error.args = tuple(self._said(one) for one in error.args)
        return error

    def _said(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        return [self._text(one) if isinstance(one, str) else one for one in value] if isinstance(value, list) else value

    def _text(self, text: str) -> str:
        wholes = "|".join(map(re.escape, sorted(self._here, key=len, reverse=True)))
        return re.sub(f"{_BEGINS}({wholes})", lambda found: self._here[found[1]], text)
