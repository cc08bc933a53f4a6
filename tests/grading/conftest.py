"""A student's code in a sandbox, without an exercise around it."""

import pytest

from cachesim.grading.parts import Part
from cachesim.grading.remote.laboratory import BoxLab
from cachesim.grading.sandbox import Box, Limits, strongest

LIMITS = Limits(cpu=2, wall=60.0, memory=512 << 20)


@pytest.fixture
def lab_of():
    """Give a function that makes the lab of a source; its sandbox is closed at the end."""
    boxes = []

    def lab(source, where=""):
        boxes.append(Box(strongest(), LIMITS))
        return BoxLab(lambda: boxes[-1], [Part(where, source)], {}, 1, {})

    yield lab
    for box in boxes:
        box.close()
