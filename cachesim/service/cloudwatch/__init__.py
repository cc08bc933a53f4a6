"""The desk of CloudWatch: metrics by the minute, their statistics, and alarms."""

from cachesim.service.cloudwatch.alarms import CloudWatch

__all__ = ["CloudWatch"]
