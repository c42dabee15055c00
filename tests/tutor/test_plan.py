"""The plan for a room: it fits, nobody sits too long, and nothing is lost."""

import re

import pytest

from tutor.paths import ROOT
from tutor.stage import plan
from tutor.stage.plan import SITTING, CannotPlan, Part, fitted, length, with_breaks


def parts(*minutes, **more):
    return [Part("01", f"{n}. Section", m, **more) for n, m in enumerate(minutes, start=1)]


def exercises(*minutes):
    return [Part("01", f"01.{n} Task", m, exercise=True) for n, m in enumerate(minutes, start=1)]


def test_nobody_sits_longer_than_that():
    sat = 0
    for part in with_breaks(plan.chosen(None)):
        sat = 0 if part.title == "break" else sat + part.minutes
        assert sat <= SITTING


def test_what_is_cut_first():
    optional = parts(10, optional=True)
    needed = parts(20, 20)
    tasks = exercises(5, 5)
    everything = [*needed, *optional, *tasks]
    assert fitted(everything, 60) == (everything, [])
    assert fitted(everything, 56) == ([*needed, *optional, tasks[0]], [tasks[1]])
    assert fitted(everything, 45)[0] == needed
    assert fitted(everything, 30)[0] == needed[:1]


def test_a_session_is_never_longer_than_asked():
    for minutes in (30, 45, 90, 200):
        kept, cut = fitted(plan.chosen("03-06"), minutes)
        assert length(kept) <= minutes
        assert sorted(map(str, [*kept, *cut])) == sorted(map(str, plan.chosen("03-06")))


def test_every_part_is_in_the_calendar():
    text = "\n".join(plan.calendar(plan.chosen(None), days=False))
    minutes = sum(int(number) for number in re.findall(r" (\d+)$", text, re.MULTILINE))
    breaks = text.count("  break ") * plan.BREAK
    assert minutes - breaks == sum(part.minutes for part in plan.chosen(None))


def test_the_minutes_are_those_of_the_map():
    rows = re.findall(
        r"^\| (\d\d) \| .+? \| (\d+) \| .*? ?\| (\d*) ?\|$",
        (ROOT / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert len(rows) >= 10
    for number, lesson, practice in rows:
        own = plan.chosen(number)
        assert sum(part.minutes for part in own if not part.exercise) == int(lesson)
        assert sum(part.minutes for part in own if part.exercise) == int(practice or 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--lessons", "44"], "There is no lesson 44. The lessons are 00 to"),
        (["--lessons", "06-03"], "06-03 runs backwards. Write 03-06."),
        (["--lessons", "four"], "'four' names no lessons. Write them as 03-06, or as 03,05."),
        (["--lessons", "04", "--minutes", "1"], "Nothing fits into 1 minutes."),
    ],
)
def test_bad_input_gets_a_sentence(words, said, capsys):
    import argparse

    parser = argparse.ArgumentParser()
    plan.add_arguments(parser)
    assert plan.run(parser.parse_args(words)) == 1
    assert said in capsys.readouterr().err


def test_a_lesson_that_does_not_fit_is_said():
    said = "\n".join(plan.one_session(plan.chosen("03-06"), 90))
    assert "Leave out" in said and "Better take fewer." in said
    with pytest.raises(CannotPlan):
        list(plan.one_session(plan.chosen("03"), 1))
