"""What the hidden tests of exercise 10 use; it never leaves the teacher."""

from cachesim.grading.histories import of, told

LONGEST_WAIT = 2.0  # seconds
OLDEST = 1.0  # seconds that a copy may be outdated


def oldest(history, longest):
    """Say which read returned a version that had been outdated for longer than that; None if none did."""
    reads = of(history, "read")
    late = reads[reads["age"] > longest]
    if late.empty:
        return None
    row = late.iloc[0]
    return (
        f"{told(row)} returned version {row['version']}, {row['age']:.2f} s after a newer one had been "
        f"acknowledged (version {row['acknowledged']} by now)"
    )
