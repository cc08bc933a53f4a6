def alarm(cluster):
    return {
        "AlarmName": "cold",
        "Namespace": "AWS/ElastiCache",
        "MetricName": "CacheHitRate",
        "Dimensions": [{"Name": "CacheClusterId", "Value": cluster}],
        "Statistic": "Minimum",
        "Period": 300,
        "EvaluationPeriods": 4,
        "DatapointsToAlarm": 3,
        "Threshold": 49,
        "ComparisonOperator": "LessThanOrEqualToThreshold",
        "TreatMissingData": "breaching",
    }
