# score: 60
# Reads are tried, overwrites and deletes are not.
def steps():
    return "+a +b +c ?a +d"


def never_hits(items):
    return [f"k{number % (items + 1)}" for number in range(4 * items)]
