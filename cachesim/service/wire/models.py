"""botocore's models of the services, and which of them a request is for."""

from functools import cache

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

TARGETED = ("cloudwatch", "kms", "dynamodb", "dax")  # named by the header X-Amz-Target
QUERIED = {  # named by Version and Action in a form
    "2015-02-02": "elasticache",
    "2010-03-31": "sns",
    "2010-08-01": "cloudwatch",
    "2010-05-08": "iam",
    "2011-06-15": "sts",
    "2016-11-15": "ec2",
    "2014-10-31": "rds",
}


@cache
def service(name: str) -> ServiceModel:
    """Return the model of a service."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


@cache
def by_target() -> dict[str, str]:
    """Return the services by the first part of X-Amz-Target."""
    return {service(name).metadata["targetPrefix"]: name for name in TARGETED}


def by_version(version: str, name: str) -> OperationModel | None:
    """Return an operation by the version of its service and its name; only that model is read."""
    found = service(QUERIED[version]) if version in QUERIED else None
    return found.operation_model(name) if found and name in found.operation_names else None
