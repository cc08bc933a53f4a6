"""AWS's wire: bytes into calls of the desks and back, from botocore's own models.

Two doors lead here: `door.py` answers a boto3 client in the same process, `http.py` on loopback.
"""
