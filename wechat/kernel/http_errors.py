"""Answers to platforms that post to us, when their bytes cannot be taken."""

from rest_framework import status
from rest_framework.exceptions import APIException


class TooLarge(APIException):
    """The body is longer than any genuine one."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is larger than 256 KiB."


class Unavailable(APIException):
    """The message could not be kept (503): the platform shall try again."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "Try again."
