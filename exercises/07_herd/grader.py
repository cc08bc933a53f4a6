"""What the hidden tests of exercise 7 use; it never leaves the teacher."""

from cachesim.grading.causes import because  # noqa: F401
from cachesim.grading.scripts import played, scripted  # noqa: F401

SHARED = "This was a further run in one process: what belongs to a run must be in app.shared, not in a global variable or in the class"
