"""`./portal bench [NAME …]`: runs benchmarks/bench_NAME.py and prints one table with the machine's load.

A benchmark is a module with `measure() -> list[Result]`. Django and a migrated throw-away database are ready.
"""

import importlib
import os
import platform
import sys
from pathlib import Path

import django

from benchmarks.measuring import Result


def main(names: list[str]) -> int:
    known = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(f"No such benchmark: {', '.join(unknown)}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heating_portal.settings")
    django.setup()
    print(machine())
    for name in names or known:
        for result in importlib.import_module(f"benchmarks.bench_{name}").measure():
            print(line(name, result), flush=True)
    return 0


def machine() -> str:
    load = " ".join(f"{part:.2f}" for part in os.getloadavg())
    about = f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load}"
    head = f"{'benchmark':12} {'what':44} {'ours':>10} {'peer':>10}  ratio"
    return f"{about}\n{head}\n{'-' * len(head)}"


def line(name: str, result: Result) -> str:
    times = f"{result.ours_s * 1000:8.1f}ms {result.peer_s * 1000:8.1f}ms"
    return f"{name:12} {result.what:44} {times} {result.ratio:5.2f}x  ({result.peer})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
