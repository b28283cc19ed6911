"""Runs one job: a file, a stream and each of many files take the same way."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.batches import by_rows, computing
from imgconv.batches.clamping import Clamping, clamping
from imgconv.batches.facts import header_facts, image_facts, losses, quantising_facts, summary
from imgconv.batches.inputs import STREAM
from imgconv.batches.job import Job
from imgconv.batches.outcomes import MemoryWanted, Outcome, Skipped
from imgconv.batches.preflight import (
    check,
    named_by_content,
    plan,
    predicted_summary,
    result_layout,
    skip_existing,
)
from imgconv.batches.quiet_stderr import quiet_stderr
from imgconv.batches.settings import Settings
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import record, replace
from imgconv.values.notes import Note

if TYPE_CHECKING:
    from imgconv.api.image import Image
    from imgconv.batches.output import Output
    from imgconv.files.formats import Format
    from imgconv.files.header import Header
    from imgconv.values.image import ImageData


@record
class _Input:
    """The pixels of a job's input, the numbers of its frames, and the format and path of its result."""

    image: Image
    numbers: Sequence[int]
    form: Format
    path: str


class JobRun:
    """One job while it runs. `facts` and `notes` are what is known so far: a job that fails reports them, too.

    `taken` are paths that its frames may not have, with the inputs they belong to. In a process of imgconv's own
    (`own_process`) memory is confined and decoders are silenced. `memory` are the bytes that it may take; None is what
    the settings allow.
    """

    def __init__(
        self,
        job: Job,
        pipeline: Pipeline,
        settings: Settings,
        taken: dict[str, str],
        own_process: bool = True,
        memory: float | None = None,
    ) -> None:
        self.job, self.pipeline, self.settings, self.reserved = job, pipeline, settings, taken
        self.own_process, self.memory = own_process, memory
        self.facts: dict[str, Any] = {"input": job.source}
        self.notes: list[Note] = []
        self.clamping: Clamping | None = None

    def outcome(self) -> Outcome:
        """Runs the job; an error is part of the outcome."""
        return self._outcome(self._run)

    def _outcome(self, work: Callable[[], tuple[str, tuple[str, ...]]]) -> Outcome:
        name, start = self.job.source_name, time.perf_counter()
        target, words, failure, skipped = "", tuple[str, ...](), None, ""
        try:
            target, words = work()
        except Skipped as left:
            target, skipped = left.path, "there already"
            self.facts |= {"output": target, "outputs": [target]}
        except (errors.WindowError, errors.PixelError) as error:
            failure = errors.named(name, error)
        except errors.ImgconvError as error:
            failure = error
        except MemoryError:
            failure = errors.no_memory(name)
        self.facts["seconds"] = round(time.perf_counter() - start, 6)
        return Outcome(name, target, words, tuple(self.notes), self.facts, failure, self.clamping, skipped)

    def foretold(self) -> Outcome:
        """What the outcome would be, as far as names and the header show it; nothing is written."""
        return self._outcome(self._foretell)

    def _foretell(self) -> tuple[str, tuple[str, ...]]:
        from imgconv.files import read

        self._refuse_existing()
        with self._confined(), read.header(self.job.source, self.settings.reading) as header:
            _, path = self._check(header)
            return path, (predicted_summary(header, self.pipeline, self.settings),)

    def _run(self) -> tuple[str, tuple[str, ...]]:
        """From file to file; where the result went, and its summary."""
        self._refuse_existing()
        stamped = None
        if self.settings.operation:
            from imgconv.batches import stamps

            stamped = stamps.begun(self.job, self.settings.operation)
        header, form, path = self._opened()
        layout = result_layout(header, self.pipeline, self.settings)
        goes = by_rows.goes(header, form, layout, self.pipeline, self.settings, self.job)
        done = self._run_by_rows(header, form, path) if goes else None
        shown, words = done or self._run_as_a_whole(self._read(header, form, path))
        if stamped is not None:
            self.facts["stamp"] = stamped.stamp(self.facts["outputs"])
        return shown, words

    def _run_as_a_whole(self, source: _Input) -> tuple[str, tuple[str, ...]]:
        """The same with all pixels in memory."""
        from imgconv.batches import output

        (result, *auxiliary), words = self._results(source)
        del source  # its memory serves the encoder: fresh memory costs a batch of JPEGs 40 % more time
        self._refuse_losses(self.notes)
        every = [*result, *(each for outputs in auxiliary for each in outputs)]
        output.write(every, self.settings, self._add_note)
        self.facts |= {"output": result[0].path, "outputs": [each.path for each in every]}
        beside = (
            f"{job.role} in {output.shown_paths(outputs)}"
            for job, outputs in zip(self.job.auxiliary, auxiliary, strict=True)
        )
        return output.shown_paths(result), (*words, *beside)

    def _refuse_existing(self) -> None:
        if self.job.source_state is not None:
            from imgconv.batches import retries

            retries.refuse_changed(self.job)
        if self.settings.skip_existing and self.job.target != STREAM:
            skip_existing(self.job, self.job.target)
        for job in (self.job, *self.job.auxiliary):
            if job.target != STREAM and not named_by_content(job) and job.is_refused(job.target):
                raise errors.file_exists(job.target)

    def _run_by_rows(self, header: Header, form: Format, path: str) -> tuple[str, tuple[str, ...]] | None:
        """The same in the memory of a few rows; None where the file turns out not to be read so."""
        words = list[str]()

        def settle(image: ImageData, result: ImageData) -> None:
            self.facts |= image_facts(image, "in") | image_facts(result, "out") | quantising_facts(result)
            self.clamping = clamping(self.job, result, self.settings.range, form)
            self.notes += losses(result, result.pixels.dtype.name)
            self._refuse_losses(self.notes)
            words.extend(summary(image, result))

        with self._confined():
            done = by_rows.write(self.job, header, form, path, self.pipeline, self.settings, settle, self._add_note)
        if not done:
            self._check(header, whole=True)  # all its pixels may be more than memory allows
            return None
        self.facts |= {"output": path, "outputs": [path], "format_out": form.name}
        return ("standard output" if path == STREAM else path), tuple(words)

    def _opened(self, *, whole: bool = False) -> tuple[Header, Format, str]:
        """The header, and the format and path of the result, once nothing in it speaks against reading the pixels."""
        from imgconv.files import read

        with self._confined():
            header = read.header(self.job.source, self.settings.reading)
        return header, *self._check(header, whole=whole)

    def _read(self, header: Header, form: Format, path: str) -> _Input:
        """The pixels."""
        from imgconv.api.image import Image

        with self._silenced(header.format), self._confined():
            image = Image.of(header.load())
        self.facts |= image_facts(image, "in")
        return _Input(image, header.numbers, form, path)

    @contextlib.contextmanager
    def _confined(self) -> Iterator[None]:
        from imgconv.engine.memory import confined

        most = self.settings.reading.max_memory if self.memory is None else int(self.memory)
        with confined(most) if self.own_process else contextlib.nullcontext():
            yield

    def _silenced(self, form: str) -> contextlib.AbstractContextManager[None]:
        return quiet_stderr(form) if self.own_process else contextlib.nullcontext()

    def _check(self, header: Header, *, whole: bool = False) -> tuple[Format, str]:
        """The format and path of the result; `whole`: the image cannot go by rows. Raises ImgconvError for what the
        header shows to be impossible, and closes it then."""
        from imgconv.files import limits, write

        try:
            self.facts |= header_facts(header)
            if self.settings.plans:
                self.facts["plan"] = plan(self.job, header, self.pipeline, self.settings, whole=whole)
            form, path, needed = check(self.job, header, self.pipeline, self.settings, whole=whole)
            if self.memory is not None and needed > self.memory:
                raise MemoryWanted(needed)
            write.prepare(form, limits.decoded_bytes(header))
            return form, path
        except BaseException:
            header.close()
            raise

    def _results(self, source: _Input) -> tuple[list[list[Output]], tuple[str, ...]]:
        """The outputs of the result and of each auxiliary output, fitted to their formats; and a summary."""
        from imgconv.batches import output

        image = computing.converted(source.image, self.settings)
        result = self._applied(image)
        outputs = [self._outputs(self.job, source.form, source.path, result, source.numbers)]
        joined = output.joined(outputs[0])
        self.facts |= (
            image_facts(joined, "out")
            | quantising_facts(joined if self.settings.crop is None else result)
            | {"format_out": source.form.name}
        )
        self.clamping = clamping(self.job, result, self.settings.range, source.form)
        outputs += [self._auxiliary(job, image, source.numbers) for job in self.job.auxiliary]
        notes = output.joined([each for one in outputs for each in one]).notes
        self.notes += losses(replace(joined, notes=notes), result.pixels.dtype.name)
        return outputs, summary(source.image, joined)

    def _applied(self, image: Image) -> Image:
        return computing.applied(image, self.pipeline, self.settings)

    def _auxiliary(self, job: Job, image: Image, numbers: Sequence[int]) -> list[Output]:
        from imgconv.batches import auxiliary

        picture = auxiliary.image(job, self.pipeline, image, self.settings)
        return self._outputs(job, auxiliary.form_of(job), job.target, picture, numbers)

    def _outputs(self, job: Job, form: Format, path: str, image: ImageData, numbers: Sequence[int]) -> list[Output]:
        from imgconv.batches import output

        return output.outputs(
            job,
            form,
            path,
            computing.cropped(image, self.settings),
            numbers,
            self.reserved,
            self.settings.writing,
        )

    def _add_note(self, note: Note) -> None:
        """Adds a note that comes while a file is written, before it is in place."""
        self._refuse_losses([note])
        if note not in self.notes:  # a second way of writing, after one that failed, has the same note
            self.notes.append(note)

    def _refuse_losses(self, notes: Sequence[Note]) -> None:
        """Raises LossError for notes of losses under --strict."""
        lost = "; ".join(note.text for note in notes if note.loss)
        if self.settings.strict and lost:
            raise errors.LossError(f"{self.job.source_name}: not written, since --strict allows no loss: {lost}")
