"""A student's policies, strategies and functions as the tests see them: the answers come from the sandbox."""
