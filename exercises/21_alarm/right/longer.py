def alarm(cluster):
    return {
        "AlarmName": "cold",
        "Namespace": "AWS/ElastiCache",
        "MetricName": "CacheHitRate",
        "Dimensions": [{"Name": "CacheClusterId", "Value": cluster}],
        "Statistic": "Average",
        "Period": 300,
        "EvaluationPeriods": 6,
        "DatapointsToAlarm": 4,
        "Threshold": 52.0,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
    }
