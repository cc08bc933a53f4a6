# score: 10
# The story never fills the cache, and the keys fit.
def steps():
    return "+a +b ?a -b"


def never_hits(items):
    return [f"k{number % items}" for number in range(4 * items)]
