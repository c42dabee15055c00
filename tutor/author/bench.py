"""Measure what is meant to be fast, beside what people would use in its place."""

import argparse
import subprocess
import sys

from tutor.paths import ROOT, keep_jupyter_inside


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(rest=[])


def run(args: argparse.Namespace) -> int:
    keep_jupyter_inside()
    return subprocess.call([sys.executable, ROOT / "benchmarks" / "run.py", *args.rest], cwd=ROOT)
