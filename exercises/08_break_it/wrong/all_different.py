# score: 40
# Keys that never come again: far more of them than allowed.
def steps():
    return "+a +b +c ?a +d"


def never_hits(items):
    return [f"k{number}" for number in range(4 * items)]
