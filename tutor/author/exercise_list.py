"""List the exercises: number, title, minutes, and how each is proved."""

from __future__ import annotations

import argparse
import json
from typing import Any

import glass
from tutor.paths import ROOT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    glass.setup(ROOT)
    rows = entries()
    if args.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    for row in rows:
        print(
            f"{row['id']}  {row['title']}  ({row['kind']}, {row['minutes']} minutes, "
            f"{row['hints']} hints, {row['right']} other right answers, {row['wrong']} wrong ones)"
        )
    return 0


def entries() -> list[dict[str, Any]]:
    """One entry for each exercise, in order."""
    from tutor.judge.catalogue import everything
    from tutor.judge.exercise import Exercise, Prediction

    rows = []
    for task in everything():
        right = wrong = 0
        if isinstance(task, Exercise):
            right, wrong = len(task.right_answers), len(task.wrong_answers)
        elif isinstance(task, Prediction):
            wrong = len(task.wrong)
        rows.append(
            {
                "id": task.id,
                "chapter": task.chapter,
                "title": task.title,
                "kind": task.kind,
                "minutes": task.minutes,
                "hints": len(task.hints),
                "right": right,
                "wrong": wrong,
            }
        )
    return rows
