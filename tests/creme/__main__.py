"""Proves against a real CremeCRM that it does what a policy says: `python tests/creme HOME PROGRAM [TEST...]`.

Makes what is missing in `HOME`, and runs all tests on both engines at a time, or those whose names are given.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from installation import ENGINES, Home

#: The file that runs the tests on one engine.
SUITE = Path(__file__).parent / "suite.py"


def main(directory: str, program: str, *tests: str) -> int:
    """Runs everything; zero if all of it holds."""
    began = time.monotonic()
    home = Home(Path(directory).resolve())
    home.fill()
    print(f"CremeCRM stands after {time.monotonic() - began:.0f} s", flush=True)
    suites = {
        engine: subprocess.Popen(
            [sys.executable, str(SUITE), engine, str(home.directory), str(Path(program).resolve()), *tests],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for engine in ENGINES
    }
    failed = 0
    for engine, suite in suites.items():
        said, _ = suite.communicate()
        print(f"\n{engine}\n{said}", flush=True)
        failed += suite.returncode != 0
    print(f"{time.monotonic() - began:.0f} s")
    return failed


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
