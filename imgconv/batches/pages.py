"""--pages: the results of several inputs as the pages of one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.batches import computing
from imgconv.batches.run import JobRun
from imgconv.values.frozen import replace
from imgconv.values.pixel_values import merged

if TYPE_CHECKING:
    from imgconv.api.image import Image


class PagesRun(JobRun):
    """A job of several inputs; what its file says beside the pixels is that of the first."""

    def _applied(self, image: Image) -> Image:
        results = [super()._applied(image), *map(self._page, self.job.pages)]
        frames = tuple(frame for result in results for frame in result.frames)
        self.facts |= {"frames_in": len(frames)}
        notes = tuple(dict.fromkeys(note for result in results for note in result.notes))
        return replace(results[0], frames=frames, notes=notes, response=merged([result.response for result in results]))

    def _page(self, path: str) -> Image:
        """The result of one more input. Raises ImgconvError, which names it."""
        job = replace(self.job, source=path, pages=())
        page = JobRun(job, self.pipeline, self.settings, {}, self.own_process, self.memory)
        try:
            return page._applied(computing.converted(page._read(*page._opened(whole=True)).image, self.settings))
        except (errors.WindowError, errors.PixelError) as error:
            raise errors.FileError(f"{job.source_name}: {error}") from None
