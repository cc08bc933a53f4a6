"""SNS: topics, who listens, and which services a topic lets in."""

import pytest

from cachesim.service.faults import ServiceFault

OLD = {"Statement": [{"Condition": {"StringEquals": {"AWS:SourceAccount": "123456789012"}}}]}


@pytest.fixture
def sns(cloud):
    """The desk of SNS."""
    return cloud.desk("sns")


@pytest.fixture
def topic(sns):
    """The ARN of a topic with an inbox."""
    arn = sns.CreateTopic({"Name": "ops"})["TopicArn"]
    sns.Subscribe({"TopicArn": arn, "Protocol": "inbox"})
    return arn


def test_attributes(sns, topic):
    """What is set is shown, beside what the topic counts."""
    sns.SetTopicAttributes(
        {"TopicArn": topic, "AttributeName": "DisplayName", "AttributeValue": "Us"}
    )
    shown = sns.GetTopicAttributes({"TopicArn": topic})["Attributes"]

    assert ("Us", "1", "0") == tuple(
        shown[name] for name in ("DisplayName", "SubscriptionsConfirmed", "SubscriptionsPending")
    )
    assert "AWS:SourceOwner" in shown["Policy"]


@pytest.mark.parametrize(
    ("operation", "request_", "shape"),
    [
        ("GetTopicAttributes", {"TopicArn": "arn:gone"}, "NotFoundException"),
        ("Publish", {"TopicArn": "arn:gone", "Message": "x"}, "NotFoundException"),
        ("Publish", {"TopicArn": "ops", "Message": ""}, "InvalidParameterException"),
        ("Publish", {"TopicArn": "ops", "Message": "x" * 262_145}, "InvalidParameterException"),
        (
            "Publish",
            {"TopicArn": "ops", "Message": "x", "MessageStructure": "json"},
            "InvalidParameterException",
        ),
        ("Publish", {"TopicArn": "ops", "Message": "x", "PhoneNumber": "1"}, "NotImplemented"),
        ("Subscribe", {"TopicArn": "ops", "Protocol": "sms"}, "InvalidParameterException"),
        (
            "Subscribe",
            {"TopicArn": "ops", "Protocol": "http", "Endpoint": "http://example.com/"},
            "InvalidParameterException",
        ),
        ("ConfirmSubscription", {"TopicArn": "ops", "Token": "x"}, "InvalidParameterException"),
        ("Unsubscribe", {"SubscriptionArn": "gone"}, "NotFoundException"),
        (
            "SetTopicAttributes",
            {"TopicArn": "ops", "AttributeName": "Policy", "AttributeValue": "{"},
            "InvalidParameterException",
        ),
        (
            "SetTopicAttributes",
            {"TopicArn": "ops", "AttributeName": "FifoTopic"},
            "NotImplemented",
        ),
    ],
)
def test_refusals(sns, topic, operation, request_, shape):
    """Each with AWS's name for it."""
    if request_.get("TopicArn") == "ops":
        request_ = {**request_, "TopicArn": topic}
    with pytest.raises(ServiceFault) as fault:
        getattr(sns, operation)(request_)
    assert shape == fault.value.shape


def test_an_address_of_http_confirms_first(sns, topic):
    """Until its token comes back it hears nothing; afterwards each message, and then no more."""
    found = sns.Subscribe(
        {"TopicArn": topic, "Protocol": "http", "Endpoint": "http://127.0.0.1:9/hook"}
    )
    assert "pending confirmation" == found["SubscriptionArn"]
    sns.Publish({"TopicArn": topic, "Message": "too early"})
    ((address, body),) = sns.posted
    assert ("http://127.0.0.1:9/hook", "SubscriptionConfirmation") == (address, body["Type"])

    arn = sns.ConfirmSubscription({"TopicArn": topic, "Token": body["Token"]})["SubscriptionArn"]
    sns.Publish({"TopicArn": topic, "Message": "now", "Subject": "news"})
    sns.Unsubscribe({"SubscriptionArn": arn})
    sns.Publish({"TopicArn": topic, "Message": "too late"})

    assert [("now", "news")] == [(each["Message"], each["Subject"]) for _, each in sns.posted[1:]]
    assert ["too early", "now", "too late"] == [notice.text for notice in sns.inbox]
    assert ["inbox"] == [each["Protocol"] for each in sns.ListSubscriptions({})["Subscriptions"]]


def test_pages(sns):
    """A hundred topics a page."""
    for number in range(120):
        sns.CreateTopic({"Name": f"t{number}"})
    first = sns.ListTopics({})
    second = sns.ListTopics({"NextToken": first["NextToken"]})

    assert (100, 20, None) == (len(first["Topics"]), len(second["Topics"]), second.get("NextToken"))


def test_an_alarm_and_an_encrypted_topic(cloud, sns, topic):
    """With SNS's own key the action fails, which the history of the alarm tells."""
    watch = cloud.desk("cloudwatch")
    alarm = {
        "AlarmName": "a", "Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": [topic],
    }  # fmt: skip
    key = {"TopicArn": topic, "AttributeName": "KmsMasterKeyId", "AttributeValue": "alias/aws/sns"}
    sns.SetTopicAttributes(key)
    watch.PutMetricAlarm(alarm)
    watch.SetAlarmState({"AlarmName": "a", "StateValue": "ALARM", "StateReason": "a test"})

    assert [] == cloud.inbox
    history = watch.DescribeAlarmHistory({"HistoryItemType": "Action"})["AlarmHistoryItems"]
    assert history[0]["HistorySummary"].startswith("Failed to execute")
