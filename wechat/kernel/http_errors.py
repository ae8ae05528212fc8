"""The HTTP errors for platforms that post to us."""

from rest_framework import status
from rest_framework.exceptions import APIException


class TooLarge(APIException):
    """The error for a body that is longer than any genuine one (413)."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is larger than 256 KiB."


class Unavailable(APIException):
    """The error for a message that could not be stored (503), so that the platform tries again."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "Try again."
