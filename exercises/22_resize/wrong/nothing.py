# score: 0
# Does nothing.
def plan(megabytes):
    return []
