"""`python -m tests.bench`: measures, shows a table, keeps it in .bench/bench.json; `--publish` puts that into
docs/performance.md."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.bench.inputs import BENCH

os.environ.setdefault("IMGCONV_CACHE_DIR", str(BENCH / "loops"))  # before imgconv looks; commands inherit it


def options(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="imgconv beside other tools, timed in turns."
    )
    parser.add_argument("--only", metavar="TEXT", default="", help="cases with TEXT in their name")
    parser.add_argument("--quick", action="store_true", help="512×512 only, few rounds; kept in .bench/quick.json")
    parser.add_argument("--arrays", action="store_true", help="only cases on arrays")
    parser.add_argument("--commands", action="store_true", help="only whole commands")
    parser.add_argument("--budget", type=float, help="seconds of timed runs a case (default 30; quick 1)")
    parser.add_argument(
        "--cap",
        type=float,
        default=30,
        help="seconds after which a peer is too slow to run (default 30; commands four times that)",
    )
    parser.add_argument(
        "--baseline",
        choices=["x86-64-v3"],
        default="",
        help="loops compiled for a baseline, on large arrays, beside OpenCV held to the same; kept in .bench/NAME.json",
    )
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    parser.add_argument(
        "--compare",
        action="store_true",
        help="say what has fallen behind the ratios kept in tests/bench/kept.json; exit code 1 if anything has",
    )
    parser.add_argument("--keep", action="store_true", help="keep this run's ratios in tests/bench/kept.json")
    parser.add_argument(
        "--publish",
        action="store_true",
        help="write the table kept in .bench/bench.json into docs/performance.md, without measuring",
    )
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    given = options(words)
    if given.baseline:
        return held(given)
    from tests.bench import arrays, cases, commands, report

    path = BENCH / ("quick.json" if given.quick else "bench.json")
    if given.publish:
        if not path.exists():
            print(f"{path} does not exist: measure first, without --publish", file=sys.stderr)
            return 1
        if not report.publish(path):
            print("docs/performance.md has no <!-- bench --> … <!-- end --> to write into", file=sys.stderr)
            return 1
        return 0
    both = given.arrays == given.commands
    chosen: list[tuple[Any, Any]] = [(arrays.run, case) for case in cases.CASES if both or given.arrays]
    chosen += [(commands.run, case) for case in commands.CASES if both or given.commands]
    chosen = [
        (run, case)
        for run, case in chosen
        if plain(given.only) in plain(case.name) and (not given.quick or case.image.endswith("small"))
    ]
    chosen.sort(
        key=lambda both: not both[1].image.endswith("small")
    )  # first, for arrays of 72 MB leave an allocator and peers' threads behind that slow them
    if given.list or not chosen:
        print("\n".join(case.name for _, case in chosen) or f"no case has '{given.only}' in its name")
        return 0 if chosen else 1
    return measure(chosen, given, path)


def held(given: argparse.Namespace) -> int:
    """Measures, or publishes, what is held to a baseline."""
    from tests.bench import baseline, report

    path = BENCH / f"{given.baseline}.json"
    if given.publish:
        return 0 if path.exists() and report.publish(path, part=f"bench {given.baseline}") else 1
    baseline.hold(given.baseline)
    chosen = [case for case in baseline.HELD if plain(given.only) in plain(case.name)]
    if given.list or not chosen:
        print("\n".join(case.name for case in chosen) or f"no case has '{given.only}' in its name")
        return 0 if chosen else 1
    print(f"OpenCV: {baseline.features()}")
    run = baseline.run(given.baseline)
    return measure([(run, case) for case in chosen], given, path)


def plain(name: str) -> str:
    """A case's name as it is typed: `dense 5x5`, `png->png`."""
    return name.lower().replace("×", "x").replace("→", "->").replace("σ", "sigma")


def measure(chosen: list[tuple[Any, Any]], given: argparse.Namespace, path: Path) -> int:
    """Runs the cases, showing each as it is found; what was found before an interruption is kept."""
    from tests.bench import arrays, cases, commands, report, timing

    BENCH.mkdir(exist_ok=True)
    budget = given.budget or (1 if given.quick else 30)
    rounds = timing.LEAST_ROUNDS if given.quick else timing.MOST_ROUNDS
    rows, code = [], 0
    try:
        for number, (run, case) in enumerate(chosen, 1):
            print(f"[{number}/{len(chosen)}] {case.name} ...", end="\r", file=sys.stderr, flush=True)
            row = run(case, budget=budget, cap=given.cap * (1 if run is arrays.run else 4), rounds=rounds)
            rows.append(row)
            print(f"[{number}/{len(chosen)}] {report.details(row)}\n", flush=True)
    except KeyboardInterrupt:
        print("interrupted; what was measured is kept", file=sys.stderr)
        code = 130
    report.store(path, rows, [case.name for case in (*cases.CASES, *commands.CASES)])
    print(report.terminal(rows))
    print(
        "\nratio: the best peer's time by ours, above 1 where imgconv is faster; floor: our time by the floor's\nkept"
        f" in {path}"
    )
    return code or kept_or_compared(rows, given)


def kept_or_compared(rows: list[Any], given: argparse.Namespace) -> int:
    """What --compare and --keep ask for; 1 where a case has fallen behind."""
    from tests.bench import comparison, report

    cpu, fallen = report.machine()["cpu"], False
    if given.compare:
        lines, fallen = comparison.compared(rows, cpu)
        print("\n".join(lines))
    if given.keep:
        print(f"{comparison.keep(rows, cpu)} ratios are kept in {comparison.KEPT}")
    return int(fallen)


def stop(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    sys.exit(main())
