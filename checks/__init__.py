"""What right means: a folder for each chapter, a file for each exercise.

checks/ch04_forward_and_reverse/e07_... defines exercise 04.7 and nothing else. The task's text and
the worked answer stand in solutions/, nowhere else. CONTRIBUTING.md shows how to write one.
"""
