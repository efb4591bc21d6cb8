"""What the API answers when something is wrong."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import exception_handler


def refusal(exception: Exception, context: dict[str, Any]) -> Response | None:
    """The framework's answer to an error; a row that is not there, or not yours, is not named by its model."""
    return exception_handler(NotFound() if isinstance(exception, Http404) else exception, context)
