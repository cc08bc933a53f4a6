"""What the hidden tests of exercise 15 use; it never leaves the teacher."""

from cachesim.errors import may_have_happened

CALM, AGAIN = 4.0, 0.98  # seconds, when all know the new address; share of the reads after that
OFTEN, ON_AVERAGE = 8, 4.0  # times that a command may be sent


def times(sent):
    """Return how often a command was sent."""
    return len(sent.errors) + (sent.answer == "cache")


def sent_again(sent):
    """Return the errors after which a command was sent again, although it may have been executed."""
    return [error for error in sent.errors[: times(sent) - 1] if may_have_happened(error)]


def storm(book):
    """Say who asks too often while no node comes back; "" if nobody does."""
    worst = max(book, key=times)
    mean = sum(map(times, book)) / len(book)
    if times(worst) > OFTEN:
        return f"{worst} was sent {times(worst)} times; right: at most {OFTEN} times"
    if mean > ON_AVERAGE:
        return (
            f"a command was sent {mean:.1f} times on average; right: at most {ON_AVERAGE:g} times"
        )
    return ""
