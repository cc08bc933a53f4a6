"""Grades a class of a hundred, ten of them hostile, and checks every score.

python benchmarks/grade_a_class.py 01

The honest ones hand in the reference and the typical wrong answers in turn; the hostile ones are attacks of
tests/attacks. Prints the seconds it took on how many cores, and whose score is not what it must be.
"""

import argparse
import itertools
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from cachesim.grading.batch import grade, jobs
from cachesim.grading.exercise import whole
from cachesim.grading.sandbox import strongest
from tests.attacks.attacks import EARNED, submissions


def hand_in(folder, exercise, honest, hostile):
    """Write the submissions; return path -> score that it must get."""
    answers = [(exercise.solution, exercise.max_score), *((t, s) for _, t, s in exercise.wrong())]
    expected = {}
    for number, (text, score) in zip(range(honest), itertools.cycle(answers), strict=False):
        expected[folder / f"honest_{number:03d}.py"] = score
        (folder / f"honest_{number:03d}.py").write_text(text)
    attacks = [a for a in submissions(exercise.id).items() if a[0] not in EARNED][::4]
    for name, text in attacks[:hostile]:
        path = folder / f"hostile_{name.replace(' ', '_')}.py"
        path.write_text(text)
        expected[path] = 0.0
    return expected


def main():
    """Grade and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exercise", nargs="?", default="01")
    parser.add_argument("--honest", type=int, default=90)
    parser.add_argument("--hostile", type=int, default=10)
    given = parser.parse_args()
    exercise = whole(given.exercise)
    with tempfile.TemporaryDirectory() as name:
        expected = hand_in(Path(name), exercise, given.honest, given.hostile)
        began = time.perf_counter()
        work = jobs(exercise, list(expected), strongest(), seed=1, secret="", out=None)
        reports = grade(work)
        took = time.perf_counter() - began
    wrong = [
        f"{report.id}: {report.score:g}, expected {score:g}"
        for report, score in zip(reports, expected.values(), strict=True)
        if report.score != score
    ]
    print(
        f"exercise {exercise.id}: {len(reports)} submissions in {took:.1f} s on {os.cpu_count()} cores"
    )
    print("every score is right" if not wrong else "\n".join(wrong))


if __name__ == "__main__":
    main()
