"""All tests on one engine: `python suite.py ENGINE HOME PROGRAM [TEST...]`. Django is set up by the environment."""

from __future__ import annotations

import importlib
import sys
import unittest
from pathlib import Path

from installation import ENGINES, POPULATED, Home


def main(name: str, directory: str, program: str, *tests: str) -> None:
    """Runs all tests, or those whose names are given."""
    home = Home(Path(directory))
    engine = ENGINES[name](home)
    try:
        # Only now can Django know its settings, and only with Django the tests.
        home.enter(engine.database(POPULATED))
        prepare = importlib.import_module("trial").prepare
        prepare(home, engine, Path(program))
        loader = unittest.defaultTestLoader
        loader.testNamePatterns = [f"*{test}*" for test in tests] or None
        found = loader.discover(str(Path(__file__).parent))
        ran = unittest.TextTestRunner(verbosity=2, warnings="ignore").run(found)
    finally:
        engine.close()
    raise SystemExit(0 if ran.wasSuccessful() and ran.testsRun else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
