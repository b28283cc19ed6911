"""`imgconv kernels convert`: a kernel in another dialect."""

from __future__ import annotations

import sys

from imgconv import errors
from imgconv.cli.command import Command, missing
from imgconv.cli.kernels.print import argument, required
from imgconv.cli.messages import Finished, complain
from imgconv.cli.options import option, quiet
from imgconv.kernels.dialects import table
from imgconv.kernels.dialects.base import Written
from imgconv.kernels.kernel import Kernel
from imgconv.values import groups

EXAMPLES = (
    "imgconv kernels convert sobel-x --to imagemagick",
    "imgconv kernels convert gaussian:1 --to vips -o gaussian.mat",
    'imgconv kernels convert "im:3x3: 0,-1,0 -1,5,-1 0,-1,0" --to ffmpeg',
    "imgconv kernels convert blur.mat --to npy > blur.npy",
)


def command() -> Command:
    names = [row.aliases[0] if row.name == "im" else row.name for row in table.DIALECTS.values() if row.write]
    to = option("--to", "|".join(names), groups.RESULT, "The dialect to write.", "The dialect to write.")
    output = option(
        "-o --output",
        "FILE",
        groups.FILES,
        "Output file; an existing one is replaced.  [default: standard output]",
        "Output file.  [default: standard output]",
    )
    return Command(
        "convert",
        params=[
            argument("kernel"),
            to,
            output,
            quiet(),
        ],
        callback=_convert,
        brief="Write a kernel for another tool",
        help=(
            "Write a kernel for another tool, so that it gives the same result there; what that tool cannot express is"
            " reported, or refused."
        ),
        examples=EXAMPLES,
    )


def _convert(kernel: Kernel | None, to: str | None, output: str | None, quiet: bool) -> None:
    kernel = required(kernel, EXAMPLES[0])
    if to is None:
        raise missing("dialect", EXAMPLES[0], "imgconv kernels convert --help")
    written = table.write(kernel, to)
    _put(written, output)
    for note in () if quiet else written.notes:
        complain(f"{to}: {note}")
    raise Finished(errors.DONE)


def _put(written: Written, output: str | None) -> None:
    from imgconv.files import atomic

    content = written.content if isinstance(written.content, bytes) else f"{written.content}\n".encode()
    if output not in (None, "-"):
        atomic.write(output, [content])
    elif isinstance(written.content, bytes) and sys.stdout is not None and sys.stdout.isatty():
        raise errors.binary_to_terminal("an array", "npy")
    else:
        atomic.write_stdout([content])
