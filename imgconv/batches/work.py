"""The work on one job, whichever way it takes: what is known so far, and the checks that every way makes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.batches import facts
from imgconv.batches.clamping import Clamping, clamping
from imgconv.batches.job import Job
from imgconv.batches.outcomes import MemoryWanted
from imgconv.batches.preflight import check, plan
from imgconv.batches.prepared import Prepared
from imgconv.batches.quiet_stderr import quiet_stderr
from imgconv.batches.settings import Settings
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import replace
from imgconv.values.notes import Note

if TYPE_CHECKING:
    from imgconv.files.formats import Format
    from imgconv.files.header import Header
    from imgconv.values.image import ImageData


Seen = Callable[[Job, "ImageData", "ImageData"], None]


class JobWork:
    """One job while it runs. `facts` and `notes` are what is known so far: a job that fails reports them, too.

    `taken` are paths that its frames may not have, with the inputs they belong to. In a process of imgconv's own
    (`own_process`) memory is confined and decoders are silenced. `memory` are the bytes that it may take; None is what
    the settings allow. `seen`, if there is one, gets the image as it was read and as it is written.
    """

    def __init__(
        self,
        job: Job,
        pipeline: Pipeline,
        settings: Settings,
        taken: dict[str, str],
        own_process: bool = True,
        memory: float | None = None,
        seen: Seen | None = None,
    ) -> None:
        self.job, self.pipeline, self.settings, self.reserved = job, pipeline, settings, taken
        self.own_process, self.memory, self.seen = own_process, memory, seen
        self.facts: dict[str, Any] = {"input": job.source}
        self.notes: list[Note] = []
        self.clamping: Clamping | None = None

    def opened(self, *, whole: bool = False) -> Prepared:
        """The job with its header, once nothing in that speaks against reading the pixels; `whole`: it can go neither
        by rows nor by frames."""
        from imgconv.files import read

        with self.confined():
            header = read.header(self.job.source, self.settings.reading)
        return self.checked(header, whole=whole)

    def checked(self, header: Header, *, whole: bool = False) -> Prepared:
        """The job with this header. Raises ImgconvError for what the header shows to be impossible, and closes it
        then."""
        from imgconv.files import limits, write

        try:
            self.facts |= facts.header_facts(header)
            if self.settings.plans:
                self.facts["plan"] = plan(self.job, header, self.pipeline, self.settings, whole=whole)
            prepared, needed = check(self.job, header, self.pipeline, self.settings, whole=whole)
            if self.memory is not None and needed > self.memory:
                raise MemoryWanted(needed)
            write.prepare(prepared.form, prepared.path, limits.decoded_bytes(header))
            if self.settings.recipe:
                from imgconv.batches import recipes

                prepared = replace(prepared, recipe=recipes.of(prepared).text)
            return prepared
        except BaseException:
            header.close()
            raise

    @contextlib.contextmanager
    def confined(self) -> Iterator[None]:
        """While it lasts, a process of imgconv's own gets no more memory than the job may take."""
        from imgconv.engine.memory import confined

        most = self.settings.reading.max_memory if self.memory is None else int(self.memory)
        with confined(most) if self.own_process else contextlib.nullcontext():
            yield

    def silenced(self, form: str) -> contextlib.AbstractContextManager[None]:
        """While it lasts, the decoder of a format does not print in a process of imgconv's own."""
        return quiet_stderr(form) if self.own_process else contextlib.nullcontext()

    def settle(self, image: ImageData, result: ImageData, fitted: ImageData, form: Format) -> tuple[str, ...]:
        """Takes down what is known of an image, of its result and of that as it is written, and gives a summary.
        Raises LossError for losses under --strict."""
        self.facts |= facts.image_facts(image, "in") | facts.image_facts(fitted, "out")
        self.facts |= facts.quantising_facts(fitted if self.settings.crop is None else result)
        self.facts |= {"format_out": form.name}
        self.clamping = clamping(self.job, result, self.settings.range, form)
        self.notes += facts.losses(fitted, result.pixels.dtype.name)
        return facts.summary(image, fitted)

    def add_note(self, note: Note) -> None:
        """Adds a note that comes while a file is written, before it is in place."""
        self.refuse_losses([note])
        if note not in self.notes:  # a second way of writing, after one that failed, has the same note
            self.notes.append(note)

    def refuse_losses(self, notes: Sequence[Note] | None = None) -> None:
        """Raises LossError for notes of losses, those so far if none are given, under --strict."""
        lost = "; ".join(note.text for note in (self.notes if notes is None else notes) if note.loss)
        if self.settings.strict and lost:
            raise errors.LossError(f"{self.job.source_name}: not written, since --strict allows no loss: {lost}")
