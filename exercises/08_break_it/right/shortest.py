# Nine steps; and the keys in falling order, round after round.
def steps():
    return "+e +f +b -e +f ?e +f +c +d"


def never_hits(items):
    keys = [str(number) for number in range(items, -1, -1)]
    return keys * 3
