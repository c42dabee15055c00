"""The `course` command: one module for each word, imported only when it is asked for.

Such a module has a docstring, `add_arguments(parser)` and `run(args) -> int`, the exit status.
One that wants the words it does not know itself says `parser.set_defaults(rest=[])`.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "lab": ("tutor.desk.lab", "open the course in JupyterLab"),
    "update": ("tutor.desk.workspace", "bring new and changed chapters into workspace/"),
    "doctor": ("tutor.desk.doctor", "check that everything is in place"),
    "test": ("tutor.author.run_tests", "prove all of it: style, types, tests"),
    "progress": ("tutor.desk.progress", "what you have done, and where to go on"),
    "reset": ("tutor.desk.reset", "bring an exercise or a chapter back, with a backup"),
    "try": ("tutor.desk.try_file", "check an answer kept in a Python file"),
    "exercise": ("tutor.author.new_exercise", "begin a new exercise: exercise new 04.19 name"),
    "exercises": ("tutor.author.exercise_list", "list the exercises"),
    "lint": ("tutor.author.lint", "say what the exercises lack"),
    "build": ("tutor.author.build", "derive exercises/ from solutions/"),
    "notebooks": ("tutor.author.notebooks", "run the notebooks again and store their outputs"),
    "plan": ("tutor.stage.plan", "the course as half days or days, for somebody who teaches it"),
    "present": ("tutor.stage.present", "show a lesson to a room, and run its cells"),
    "slides": ("tutor.stage.slides.command", "write lessons as slides that need no network"),
    "wheels": ("tutor.desk.wheels", "gather the packages, for laptops without a network"),
    "bench": ("tutor.author.bench", "measure what is meant to be fast"),
}


def main(words: Sequence[str] | None = None) -> int:
    words = sys.argv[1:] if words is None else list(words)
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview())
        return 0
    name = words[0]
    if name not in COMMANDS:
        print(f"There is no command {name!r}.\n\n{overview()}", file=sys.stderr)
        return 2
    module = import_module(COMMANDS[name][0])
    parser = argparse.ArgumentParser(
        f"course {name}",
        description=module.__doc__,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    args, rest = parser.parse_known_args(words[1:])
    if rest and not hasattr(args, "rest"):
        parser.error(f"unknown: {' '.join(rest)}")
    if rest:
        args.rest = rest
    try:
        return int(module.run(args))
    except KeyboardInterrupt:
        return 130


def overview() -> str:
    lines = [f"  course {name:<12}{purpose}" for name, (_, purpose) in COMMANDS.items()]
    return "\n".join(["Django Under Glass", "", *lines, "", "course WORD --help says more."])


if __name__ == "__main__":
    sys.exit(main())
