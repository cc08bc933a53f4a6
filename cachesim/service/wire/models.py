"""botocore's models of the services, and which of them a request is for."""

from functools import cache

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

TARGETED = ("cloudwatch", "kms")  # named by the header X-Amz-Target
QUERIED = (
    "elasticache",
    "sns",
    "cloudwatch",
    "iam",
    "sts",
)  # named by Version and Action in a form


@cache
def service(name: str) -> ServiceModel:
    """Return the model of a service."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


@cache
def by_target() -> dict[str, str]:
    """Return the services by the first part of X-Amz-Target."""
    return {service(name).metadata["targetPrefix"]: name for name in TARGETED}


@cache
def by_version() -> dict[tuple[str, str], OperationModel]:
    """Return the operations by the version of their service and their name."""
    return {
        (service(name).api_version, operation): service(name).operation_model(operation)
        for name in QUERIED
        for operation in service(name).operation_names
    }
