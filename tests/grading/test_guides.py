"""The author's guide, followed to the letter, gives a working exercise."""

import re
from pathlib import Path

from cachesim.grading.build import files
from cachesim.grading.doctor import examined
from cachesim.grading.exercise import Exercise
from cachesim.grading.sandbox import strongest

GUIDE = Path(__file__).parents[2] / "docs" / "howto" / "write_an_exercise.md"


def test_the_exercise_of_the_guide(tmp_path):
    """Every file that it shows, copied; then doctor and build."""
    shown = re.findall(r"^`(exercises/\S+)`\n\n```\w+\n(.*?)^```", GUIDE.read_text(), re.M | re.S)
    for name, text in shown:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    exercise = Exercise(tmp_path / "exercises" / "11_hit_ratio")

    assert 9 == len(shown)
    assert [] == [found for found in examined(exercise, strongest()) if not found.is_fine]
    assert 9 == len(list(files(exercise)))
