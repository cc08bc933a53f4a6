"""IAM and STS: who calls, and what their policies let them do.

`policies.py` judges; `desk.py` keeps users, groups, roles and policies; `gate.py` stands before every desk.
"""
