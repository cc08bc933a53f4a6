"""The managed service: desks under AWS's own names, in simulated time.

A *desk* answers the operations of one service (ElastiCache, CloudWatch, SNS). It takes and returns
dicts in AWS's shape, and never touches an engine. `calendar.py` says what happens when;
`account.py` holds the names, the desks and the clock of one account. The room `wire` turns bytes
into calls and back; it alone knows botocore.
"""
