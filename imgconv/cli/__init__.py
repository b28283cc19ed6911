"""The command `imgconv`: arguments in, sentences and exit codes out."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_CODES = {2: 130, 15: 143}
"""Exit codes of SIGINT and SIGTERM. As numbers: `signal` and `errors` take milliseconds to load, in which a Ctrl-C
would show a traceback."""
_LONG_CALL = 0.1  # seconds after which the main thread is left where it is
_LONGEST = 1.0  # seconds that the main thread waits for its end


def main(arguments: list[str] | None = None) -> NoReturn:
    """The entry point of the command; from here on a signal ends the process silently, also while modules are
    loaded."""
    _end_on_signals()
    from imgconv.cli.main import run_command

    run_command(arguments)


def _end_on_signals() -> None:
    """Whichever of SIGINT and SIGTERM comes first ends the process at once, with its code.

    No exception is raised: it could be swallowed (in `__del__`), become another one (while a class is made), wait for a
    lock on its way up, or meet the next signal. Instead a thread is told by Python's wakeup descriptor, which says what
    came first and also works during a long call; the handler, which Python calls between two instructions of the main
    thread, only stops that.
    """
    import _signal  # type: ignore[import-not-found]  # what `signal` wraps in enumerations
    import _thread
    import os
    import time

    stopped, watched = _thread.allocate_lock(), list[bool]()
    stopped.acquire()

    def end(number: int) -> NoReturn:
        module = sys.modules.get("imgconv.values.unfinished")
        if module is not None and hasattr(module, "remove_all"):  # else it is still being loaded
            module.remove_all()
        os._exit(_CODES[number])

    def stop(number: int, _: object) -> None:
        if watched:
            try:  # noqa: SIM105 (contextlib is not loaded yet)
                stopped.release()
            except RuntimeError:  # released by an earlier signal
                pass
            time.sleep(_LONGEST)
        end(number)

    def watch() -> None:
        if number := os.read(reader, 1):
            stopped.acquire(timeout=_LONG_CALL)
            end(number[0])

    try:
        for number in _CODES:
            if _signal.getsignal(number) != _signal.SIG_IGN:  # as `nohup` and a shell's background jobs want it
                _signal.signal(number, stop)
    except ValueError:  # in a thread of somebody's program: signals are that program's
        return
    try:
        reader, writer = os.pipe()
        if hasattr(os, "set_blocking"):
            os.set_blocking(writer, False)
        _signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        _thread.start_new_thread(watch, ())
        watched.append(True)
    except (OSError, RuntimeError):  # no more files or threads: the handler alone has to do
        return
