"""Jobs with all pixels in memory: any image, any number of inputs and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.batches import computing
from imgconv.batches.job import Job
from imgconv.batches.prepared import Prepared
from imgconv.batches.work import JobWork
from imgconv.values.frozen import record, replace

if TYPE_CHECKING:
    from imgconv.api.image import Image
    from imgconv.batches.output import Output
    from imgconv.files.formats import Format
    from imgconv.values.image import ImageData


@record(eq=False)
class _Input:
    """The pixels of a job's input, the numbers of its frames, and the format and path of its result."""

    image: Image
    numbers: Sequence[int]
    form: Format
    path: str
    recipe: str


class WholeJob:
    """A job whose image is read, computed and written as a whole."""

    def __init__(self, work: JobWork) -> None:
        self.work, self.job = work, work.job
        self.pipeline, self.settings = work.pipeline, work.settings

    def run(self, prepared: Prepared) -> tuple[str, tuple[str, ...]]:
        """From file to file; where the result went, and its summary."""
        from imgconv.batches import output

        source = self._read(prepared)
        (result, *auxiliary), words = self._results(source)
        self.work.refuse_losses()
        if self.work.seen is not None:
            self.work.seen(self.job, source.image, output.joined(result))
        written = [] if self.job.unwritten else result
        every = [*written, *(each for outputs in auxiliary for each in outputs)]
        output.write(every, self.settings, self.work.add_note)
        self.work.facts |= {"output": written[0].path if written else None, "outputs": [each.path for each in every]}
        beside = (
            f"{job.role} in {output.shown_paths(outputs)}"
            for job, outputs in zip(self.job.auxiliary, auxiliary, strict=True)
        )
        return output.shown_paths(result), (*words, *beside)

    def computed(self, prepared: Prepared) -> Image:
        """The result of the steps, as a page among others."""
        return self._applied(computing.converted(self._read(prepared).image, self.settings))

    def outputs(self, prepared: Prepared) -> list[Output]:
        """The result, fitted to its format and not yet written."""
        return self._results(self._read(prepared))[0][0]

    def _read(self, prepared: Prepared) -> _Input:
        """The pixels."""
        from imgconv.api.image import Image

        header = prepared.header
        with self.work.silenced(header.format), self.work.confined():
            return _Input(Image.of(header.load()), header.numbers, prepared.form, prepared.path, prepared.recipe)

    def _results(self, source: _Input) -> tuple[list[list[Output]], tuple[str, ...]]:
        """The outputs of the result and of each auxiliary output, fitted to their formats; and a summary."""
        from imgconv.batches import output
        from imgconv.files.metadata.recipes import stated

        image = computing.converted(source.image, self.settings)
        result = self._applied(image)
        said = stated(computing.cropped(result, self.settings), source.recipe)
        outputs = [self._outputs(self.job, source.form, source.path, said, source.numbers)]
        outputs += [self._auxiliary(job, image, source.numbers) for job in self.job.auxiliary]
        notes = output.joined([each for one in outputs for each in one]).notes
        fitted = replace(output.joined(outputs[0]), notes=notes)
        return outputs, self.work.settle(source.image, result, fitted, source.form)

    def _applied(self, image: Image) -> Image:
        return computing.applied(image, self.pipeline, self.settings)

    def _auxiliary(self, job: Job, image: Image, numbers: Sequence[int]) -> list[Output]:
        from imgconv.batches import auxiliary
        from imgconv.files.metadata.recipes import stated

        picture = stated(
            computing.cropped(auxiliary.image(job, self.pipeline, image, self.settings), self.settings), ""
        )
        return self._outputs(job, auxiliary.form_of(job), job.target, picture, numbers)

    def _outputs(self, job: Job, form: Format, path: str, image: ImageData, numbers: Sequence[int]) -> list[Output]:
        from imgconv.batches import output

        return output.outputs(job, form, path, image, numbers, self.work.reserved, self.settings.writing)


class PagesJob(WholeJob):
    """A job of several inputs (--pages), whose results are the pages of one file; what that says beside the pixels is
    what the first one says."""

    def _results(self, source: _Input) -> tuple[list[list[Output]], tuple[str, ...]]:
        outputs, words = super()._results(source)
        self.work.facts |= {"frames_in": self.count}
        return outputs, words

    def _applied(self, image: Image) -> Image:
        from imgconv.values.pixel_values import merged

        results = [super()._applied(image), *map(self._page, self.job.pages)]
        frames = tuple(frame for result in results for frame in result.frames)
        self.count = len(frames)
        notes = tuple(dict.fromkeys(note for result in results for note in result.notes))
        return replace(results[0], frames=frames, notes=notes, response=merged([result.response for result in results]))

    def _page(self, path: str) -> Image:
        """The result of one more input. Raises ImgconvError, which names it."""
        work = self.work
        job = replace(self.job, source=path, pages=())
        page = JobWork(job, self.pipeline, self.settings, {}, work.own_process, work.memory)
        try:
            return WholeJob(page).computed(page.opened(whole=True))
        except (errors.WindowError, errors.PixelError) as error:
            raise errors.FileError(f"{job.source_name}: {error}") from None
