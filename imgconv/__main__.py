"""`python -m imgconv` is the command `imgconv`: it imports nothing from the current folder, which Python puts first for
-m."""

import os
import sys

if __name__ == "__main__":
    if not sys.flags.safe_path and sys.path[:1] == [os.getcwd()] != [os.path.dirname(os.path.dirname(__file__))]:
        del sys.path[0]
    from imgconv.cli import main

    main()
