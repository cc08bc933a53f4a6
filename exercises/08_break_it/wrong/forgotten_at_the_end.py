# score: 40
# Each bug shows on the way, and three new keys wipe the differences out; only the end counts.
def steps():
    return "+a +b +c ?a +d +c +e +x +y +z"


def never_hits(items):
    return [f"k{number % (items + 1)}" for number in range(4 * items)]
