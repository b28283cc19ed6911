"""A small process that starts others and says what they took: requests and answers are lines of JSON.

The bench itself cannot: on Linux a child's peak memory begins with its parent's, and the bench holds large arrays.
Run as a file; imports nothing but the standard library.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time


def run(argv, env, folder, timeout):
    """Seconds, peak memory in MB, exit code and the end of what was said, of one command; its output goes to a file."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env={**os.environ, **env},
            cwd=folder,
            start_new_session=True,
        )
        killer = threading.Timer(timeout, lambda: os.killpg(process.pid, signal.SIGKILL))
        killer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # told to stop: the command must not live on
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            killer.cancel()
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(max(0, said.seek(0, os.SEEK_END) - 300))
        words = said.read().decode(errors="replace").strip()
    unit = 1 if sys.platform == "darwin" else 1024
    return {"seconds": seconds, "memory": usage.ru_maxrss * unit / 1e6, "code": process.returncode, "said": words}


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), flush=True)
