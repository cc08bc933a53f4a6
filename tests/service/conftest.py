"""An account with its desks, and boto3 clients of it."""

import os
import subprocess
import sys

import pytest

from cachesim.experiments.cloud import Cloud
from tests.patience import PATIENCE

GROUP = {
    "ReplicationGroupId": "shop",
    "ReplicationGroupDescription": "a <shop> & more",
    "NumCacheClusters": 3,
    "AutomaticFailoverEnabled": True,
    "MultiAZEnabled": True,
    "CacheNodeType": "cache.t3.micro",
}


def fetched(folder, *packages):
    """Install packages in a folder of their own; skip the test if they cannot be had, fail in CI."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    pip += ["--no-compile", "--disable-pip-version-check", "--target", str(folder), *packages]
    done = subprocess.run(pip, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        problem = (
            f"{' '.join(packages)} could not be installed: {done.stderr.strip().splitlines()[-1]}"
        )
        pytest.fail(problem) if os.environ.get("CI") else pytest.skip(problem)


@pytest.fixture
def cloud():
    """A cloud in which nothing runs."""
    return Cloud(seed=1, scale=1 / 200)


@pytest.fixture
def desk(cloud):
    """The desk of ElastiCache."""
    return cloud.desk("elasticache")


@pytest.fixture
def shop(cloud, desk):
    """A cloud with an available group of three nodes, whose events go to a topic with an inbox."""
    sns = cloud.desk("sns")
    topic = sns.CreateTopic({"Name": "ops"})["TopicArn"]
    sns.Subscribe({"TopicArn": topic, "Protocol": "inbox"})
    desk.CreateReplicationGroup({**GROUP, "NotificationTopicArn": topic})
    cloud.advance(minutes=30)
    return cloud


@pytest.fixture
def client(cloud):
    """An unmodified boto3 client of ElastiCache, in the same process."""
    return cloud.client("elasticache")
