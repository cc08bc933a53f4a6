# score: 85
# A node that says nothing is not looked at.
def alarm(cluster):
    return {
        "AlarmName": "cold",
        "Namespace": "AWS/ElastiCache",
        "MetricName": "CacheHitRate",
        "Dimensions": [{"Name": "CacheClusterId", "Value": cluster}],
        "Statistic": "Average",
        "Period": 300,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 3,
        "Threshold": 50.0,
        "ComparisonOperator": "LessThanThreshold",
    }
