"""The entry point: the group of commands, and how every error becomes a sentence and an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from imgconv import __version__, errors
from imgconv.cli.command import Group
from imgconv.cli.messages import Finished, complain
from imgconv.cli.options import option
from imgconv.operations import HOMES
from imgconv.values import groups
from imgconv.values.parameters import FLAG

EXAMPLES = (
    "imgconv filter vertical in.png -o out.png",
    "imgconv pool --size 2 --stride 2 < in.png > out.png",
    'imgconv run "filter vertical | relu | maxpool 2" in.png -o out.png',
    "imgconv kernels",
)


OTHERS = (
    "run",
    "unpool",
    "view",
    "explain",
    "like",
    "compare",
    "emit",
    "recipe",
    "verify",
    "kernels",
    "summary",
    "predict",
    "maps",
    "network",
    "warm",
    "doctor",
    "completion",
    "help",
)
"""Commands beside the operations: each is a module here whose `command()` makes it."""


class Top(Group):
    """The top: commands are loaded when they are named."""

    def unknown(self, ctx: click.Context, args: list[str]) -> errors.UsageError:
        from imgconv.cli.habits import command_meant

        return command_meant(args) or errors.unknown("command", args[0], self.list_commands(ctx), "imgconv --help")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*HOMES, *OTHERS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, built on demand: a start pays for one."""
        if cmd_name not in self.commands and cmd_name in self.list_commands(ctx):
            command = _command(cmd_name)
            command.params.append(_version())
            self.commands[cmd_name] = command
        return self.commands.get(cmd_name)


def group() -> Top:
    """The whole command line, made from the declarations."""
    top = Top(
        "imgconv",
        help="Slide windows over images: filters as a CNN course teaches them, and pooling.",
        epilog="'imgconv help TOPIC' explains kernels, borders, numbers, formats or pipelines.",
        examples=EXAMPLES,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    top.params.append(_version("Print the version and stop."))
    return top


def _command(name: str) -> click.Command:
    if name in OTHERS:
        command: click.Command = import_module(f"imgconv.cli.{name}").command()
        return command
    from imgconv.cli.declarations import operation_command
    from imgconv.cli.image_command import work_step
    from imgconv.operations import operation

    return operation_command(operation(name), work_step)


def _version(brief: str = "") -> click.Option:
    def show(ctx: click.Context, _: click.Parameter, requested: bool) -> None:
        if requested:
            click.echo(f"imgconv {__version__}")
            ctx.exit()

    return option(
        "--version",
        FLAG,
        groups.HELP,
        "Print the version and stop.",
        brief,
        expose_value=False,
        is_eager=True,
        callback=show,
    )


def run_command(arguments: list[str] | None = None) -> NoReturn:
    """Runs the command and ends the process with its exit code."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # imgconv uses no BLAS; its threads only cost start-up
    code = _guarded(sys.argv[1:] if arguments is None else arguments)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError) as error:
        code = code or _ended(error)
    if sys.stdout is not None and code in (errors.PIPE_CLOSED, errors.FAILED):
        with contextlib.suppress(
            OSError, ValueError
        ):  # what is still buffered has no reader; the interpreter must not try again
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    _leave(code)


def _leave(code: int) -> NoReturn:
    """Ends the process at once: all is written and no thread runs, so the interpreter need not take itself apart (15
    ms)."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
    if sys.gettrace() is not None or "coverage" in sys.modules:
        sys.exit(code)
    os._exit(code)


def _guarded(arguments: list[str]) -> int:
    try:
        if "_IMGCONV_COMPLETE" in os.environ:
            group().main(arguments, prog_name="imgconv")
        # not Group.main: it would swallow closed pipes and interrupts
        with group().make_context("imgconv", _globbed(arguments)) as context:
            context.command.invoke(context)
        return errors.DONE
    except Finished as end:
        return end.exit_code
    except click.exceptions.Exit as end:
        return end.exit_code
    except SystemExit as end:  # completion
        return end.code if isinstance(end.code, int) else errors.DONE
    except BaseException as error:
        code = _ended(error)
        if code == errors.OUR_BUG and os.environ.get("IMGCONV_DEBUG"):
            import traceback

            traceback.print_exc()
        return code


def _globbed(arguments: list[str]) -> list[str]:
    """Windows' shells leave patterns such as *.png to the programs."""
    if os.name != "nt":
        return arguments
    from glob import glob

    return [
        path for argument in arguments for path in (sorted(glob(argument)) if "*" in argument else []) or [argument]
    ]


_SILENT: dict[type[BaseException], int] = {
    BrokenPipeError: errors.PIPE_CLOSED,
    KeyboardInterrupt: errors.INTERRUPTED,
    click.Abort: errors.INTERRUPTED,
}


def _ended(error: BaseException) -> int:
    """Prints why a command did not finish; its exit code."""
    if type(error) in _SILENT:
        return _SILENT[type(error)]
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return errors.MISUSED
    if isinstance(error, click.ClickException):
        complain(_sentence(error))
        return errors.MISUSED
    if (
        isinstance(error, OSError) and not isinstance(error, errors.ImgconvError) and error.filename is None
    ):  # only streams have no name
        error = errors.file_unwritable("standard output", error.strerror or str(error))
    if isinstance(error, errors.ImgconvError):
        complain(str(error))
        return error.exit_code
    complain(
        f"a bug in imgconv, not in your command: {type(error).__name__}: {error}"
        " (IMGCONV_DEBUG=1 shows where; please report it)"
    )
    return errors.OUR_BUG


def _sentence(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    message = message if len(message) <= 160 else message[:157] + "..."
    context = getattr(error, "ctx", None)
    return f"{message} ('{context.command_path} --help' shows the options)" if context else message
