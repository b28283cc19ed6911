"""A job: one image to make."""

from __future__ import annotations

import os
from typing import Any

from imgconv.batches.inputs import STREAM, shown
from imgconv.files import places, urls
from imgconv.files.formats import Format, split_member
from imgconv.values.frozen import record


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
    pages : tuple of str
        Further inputs, whose results become further pages.
    adopt : bool
        Whether a file that is there already counts as the result if it has the same content.
    ours : tuple of str
        Absolute paths of earlier results, unchanged since, that may be replaced.
    before : tuple of str, optional
        Names of files in the target's folder that were there before the run, as far as they begin as the target's does.
        Others are an earlier try's, if they have the result's content. None is what is there when the job is run.
    source_state : dict, optional
        Size and time that an input had before the run, where the result replaces it.
    unwritten : bool
        Whether the result is only looked at.
    """

    source: str
    target: str
    form: Format | None = None
    replace: bool = False
    derived: bool = False
    in_folder: bool = False
    role: str = ""
    auxiliary: tuple[Job, ...] = ()
    pages: tuple[str, ...] = ()
    adopt: bool = False
    ours: tuple[str, ...] = ()
    before: tuple[str, ...] | None = None
    source_state: dict[str, Any] | None = None
    unwritten: bool = False

    @property
    def source_name(self) -> str:
        return f"{shown(self.source)} and {len(self.pages)} more" if self.pages else shown(self.source)

    @property
    def source_file(self) -> str:
        """The file that is read; of an array in a file (`stack.npz:left`) the file."""
        return split_member(self.source)[0]

    @property
    def stays_here(self) -> bool:
        """Whether only this process can run it: its streams and its `memory://` are its own."""
        paths = (self.source, self.target, *self.pages, *(one.target for one in self.auxiliary))
        return any(path == STREAM or urls.is_of_this_process(path) for path in paths)

    def may_replace(self, path: str) -> bool:
        """Whether a file that is there already may be replaced."""
        return self.replace or (bool(self.ours) and urls.whole(path) in self.ours)

    def was_there(self, path: str) -> bool:
        """Whether a file is there that no earlier try of this job wrote."""
        return (self.before is None or os.path.basename(path) in self.before) and places.exists(path)

    def may_adopt(self, path: str) -> bool:
        """Whether a file that is there already counts as the result if it has the same content."""
        return self.adopt or (self.before is not None and os.path.basename(path) not in self.before)

    def is_refused(self, path: str) -> bool:
        """Whether a file that is there already ends the job, whatever its content."""
        return not self.adopt and not self.may_replace(path) and self.was_there(path)

    @property
    def shown(self) -> str:
        """The result as sentences name it."""
        return f"the {self.role} of {self.source_name}" if self.role else self.source_name
