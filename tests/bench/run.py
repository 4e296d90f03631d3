"""The benchmarks: ``./sales bench [NAMES]``; see README.md beside this file."""

import argparse
import importlib
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))


def parse(arguments, names):
    parser = argparse.ArgumentParser(prog="sales bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--documents", type=int, default=300, help="in each run (300)")
    parser.add_argument("--pairs", type=int, default=9, help="of alternating runs (9)")
    parser.add_argument(
        "--lines", type=int, default=1_000_000, help="invoice lines, credits (1000000)"
    )
    parser.add_argument("--fresh", action="store_true", help="build the base again")
    parser.add_argument("--keep", action="store_true", help="keep the databases")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(names):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    return options


def main(arguments):
    names = sorted(path.stem[6:] for path in HERE.glob("bench_*.py"))
    options = parse(arguments, names)

    from tests.bench.common import Lab, prepare_process

    prepare_process()
    lab = Lab(options)
    table = []
    try:
        for name in options.names or names:
            print(f"==> {name}", flush=True)
            started = time.monotonic()
            for row in importlib.import_module(f"tests.bench.bench_{name}").run(lab):
                table.append(row)
                print(row, flush=True)
            print(f"    done in {time.monotonic() - started:.0f} s", flush=True)
    finally:
        lab.done()
    print("\n| what | bar | measured |\n|---|---|---|")
    print(*table, sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
