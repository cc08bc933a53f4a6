"""A submission with more than one answer: each is graded, and the better one counts."""

from cachesim.grading.exercise import Exercise
from cachesim.grading.judge import Report, judge
from cachesim.grading.sandbox import Tier
from cachesim.grading.submission import GRADED, Submission


def graded_best(
    exercise: Exercise,
    submission: Submission,
    *,
    tier: Tier,
    seed: int = 1,
    only_visible: bool = False,
) -> Report:
    """Return the best report of a submission's files; its notes name each of them with its score."""
    files = (submission, *submission.others)
    reports = [
        judge(exercise, file, tier=tier, seed=seed, only_visible=only_visible) for file in files
    ]
    best = max(reports, key=lambda report: report.score)
    if len(files) == 1:
        return best
    scores = [
        f"{file.file} ({report.score:g})" for file, report in zip(files, reports, strict=True)
    ]
    said = f"{GRADED}{', '.join(scores)}: the best one counts"
    rest = [note for note in best.notes if not note.startswith(GRADED)]
    return best._replace(notes=(said, *rest))
