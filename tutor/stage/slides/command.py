"""Write lessons as slides that any browser shows, with the network off.

course slides                        all lessons, to workspace/slides/
course slides 04 05 --to ~/stick     these two, to a folder of your own
course slides --check 04             does each slide fit? Needs Chromium, Chrome or Edge.

Open index.html. Space goes on: first the code, then what it prints. Esc shows all slides, F fills
the screen, S opens a second window with the speaker's notes and a clock. The outputs are those
stored in the lessons; `course present 04` runs them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tutor.paths import WORKSPACE
from tutor.stage.slides import CannotShow, found, lessons, write
from tutor.stage.slides.measure import unfit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lessons", nargs="*", metavar="04", help="default: all")
    parser.add_argument("--to", type=Path, metavar="DIR", default=WORKSPACE / "slides")
    parser.add_argument("--check", action="store_true", help="write nothing; say what does not fit")


def run(args: argparse.Namespace) -> int:
    try:
        paths = [found(lesson) for lesson in args.lessons] or lessons()
        if args.check:
            lines = unfit(paths)
            print("\n".join(lines) or "Every slide fits.")
            return 1 if lines else 0
        write(paths, args.to)
    except CannotShow as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The slides cannot be written: {error}.", file=sys.stderr)
        return 1
    print(f"Open {args.to / 'index.html'}")
    return 0
