"""Published figures carried over with their source (see each reader's docstring)."""
