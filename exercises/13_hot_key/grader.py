"""What the hidden tests of exercise 13 use; it never leaves the teacher."""


def queries(history):
    """Return the queries that the database got in a run."""
    return float(history["db_queries"].dropna().iloc[-1])
