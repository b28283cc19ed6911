"""`imgconv unpool`: pooled values put back to where their maxima were."""

from __future__ import annotations

from typing import Any

from imgconv import errors
from imgconv.cli.click_types import PathType
from imgconv.cli.command import Command
from imgconv.cli.memory import bounded
from imgconv.cli.messages import Finished, complain
from imgconv.cli.options import Argument, option, quiet
from imgconv.cli.overwriting import overwrite_option, refuse_inputs
from imgconv.operations.pool import TO
from imgconv.values import groups

EXAMPLES = (
    "imgconv pool --size 2 --indices places.npy in.png -o small.png",
    "imgconv unpool --indices places.npy --to 480x640 small.png -o back.png",
)


def command() -> Command:
    indices = "Where the maxima were: the file that pool --indices wrote."
    to = "Rows x columns of the result: the size that was pooled."
    written = "The file to write; its suffix decides the format."
    return Command(
        "unpool",
        params=[
            Argument(["image"], type=PathType(), required=False, metavar="IMAGE", meaning="The pooled picture."),
            option("--indices", "FILE", groups.FILES, indices, indices),
            option("--to", TO, groups.GEOMETRY, to, to),
            option("-o --output", "FILE", groups.FILES, written, written),
            overwrite_option(),
            quiet(),
        ],
        callback=_unpool,
        help="Put max-pooled values back to where they were, among zeros (as PyTorch's MaxUnpool2d).",
        brief="Put max-pooled values back among zeros",
        examples=EXAMPLES,
    )


def _unpool(**given: Any) -> None:
    with bounded():
        _put_back(**given)


def _put_back(
    image: str | None, indices: str | None, to: Any, output: str | None, overwrite: bool, quiet: bool
) -> None:
    for value, what in ((image, "picture"), (indices, "--indices"), (to, "--to"), (output, "-o")):
        if value is None:
            raise errors.UsageError(f"no {what}: name one, as in {EXAMPLES[1]}")
    assert image is not None
    assert indices is not None
    assert output is not None
    from imgconv.api.image import Image, load
    from imgconv.api.unpooling import unpool
    from imgconv.files.formats import format_of
    from imgconv.files.metadata.recipes import without
    from imgconv.files.write import encode_fitted, fitted, put
    from imgconv.values.frozen import replace
    from imgconv.values.image import Frame, size_words

    if not overwrite:
        refuse_inputs(output, image, indices)
    form = format_of(output)
    picture, places = load(image), load(indices)
    if picture.alpha is not None or places.alpha is not None:
        raise errors.UsageError("unpool takes no alpha; leave it out where the picture is pooled: --alpha drop")
    if len(picture.frames) != len(places.frames):
        raise errors.PixelError(f"{len(picture.frames)} frames do not go with indices of {len(places.frames)}")
    result: Image = replace(
        picture,
        frames=tuple(
            Frame(unpool(one.pixels, other.pixels, to), duration=one.duration)
            for one, other in zip(picture.frames, places.frames, strict=True)
        ),
        metadata=without(picture.metadata),
    )
    held = fitted(result, form, output)
    put(form, output, encode_fitted(held, form, output))
    if not quiet:
        words = (f"{size_words(held.pixels)} {held.mode.removesuffix(' uint8')}", *(note.text for note in held.notes))
        complain(f"{image} -> {output}: {'; '.join(words)}")
    raise Finished(errors.DONE)
