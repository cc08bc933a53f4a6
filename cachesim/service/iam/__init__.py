"""IAM and STS: who calls, and what their policies let them do.

`policies.py` judges; `people.py` and `desk.py` keep users, groups, roles, keys and policies; `gate.py` stands
before every desk.
"""
