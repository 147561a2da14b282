import uuid
from typing import Any

from django.http import HttpRequest


def command_id(request: HttpRequest) -> dict[str, Any]:
    """`{{ command_id }}`: a new id each time a template says it, one for each form."""
    return {"command_id": uuid.uuid4}
