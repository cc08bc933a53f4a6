"""The shape of results.json, as Gradescope's "Autograder specifications" documents it."""

VISIBILITY = {"hidden", "after_due_date", "after_published", "visible"}
FORMAT = {"text", "html", "simple_format", "md", "ansi"}
WHOLE = {
    "score": (int, float),
    "execution_time": (int, float),
    "output": str,
    "output_format": FORMAT,
    "test_output_format": FORMAT,
    "test_name_format": FORMAT,
    "visibility": VISIBILITY,
    "stdout_visibility": VISIBILITY,
    "extra_data": dict,
    "tests": list,
    "leaderboard": list,
}
TEST = {
    "score": (int, float),
    "max_score": (int, float),
    "status": {"passed", "failed"},
    "name": str,
    "name_format": FORMAT,
    "number": str,
    "output": str,
    "output_format": FORMAT,
    "tags": list,
    "visibility": VISIBILITY,
    "extra_data": dict,
}


def offences(told):
    """Say in one sentence each what Gradescope would refuse."""
    found = [*_wrong(told, WHOLE, "results.json")]
    if not {"score", "tests"} & set(told):
        found.append("results.json has neither score nor tests")
    for number, test in enumerate(told.get("tests", [])):
        found += _wrong(test, TEST, f"test {number}")
    return found


def _wrong(told, shape, where):
    for name, value in told.items():
        kind = shape.get(name)
        if kind is None:
            yield f"{where}: {name} is not documented"
        elif value not in kind if isinstance(kind, set) else not isinstance(value, kind):
            yield f"{where}: {name} is {value!r}"
