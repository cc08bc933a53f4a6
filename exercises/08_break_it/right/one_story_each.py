# The story as parts, with a word about each; keys from a generator.
import itertools

DELETED = ["+c", "+b", "-b", "-c"]
FILL = ["+e", "+a", "+c"]
STORED_AGAIN = ["+e"]
END = ["+d"]


def steps():
    return " ".join([*DELETED, *FILL, *STORED_AGAIN, *END])


def never_hits(items):
    names = (f"k{number}" for number in range(items + 1))
    return list(itertools.islice(itertools.cycle(names), 3 * items))
