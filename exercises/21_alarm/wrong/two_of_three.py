# score: 90
# Nights have two bad rows of three by chance.
def alarm(cluster):
    return {
        "AlarmName": "cold",
        "Namespace": "AWS/ElastiCache",
        "MetricName": "CacheHitRate",
        "Dimensions": [{"Name": "CacheClusterId", "Value": cluster}],
        "Statistic": "Average",
        "Period": 300,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 50.0,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
    }
