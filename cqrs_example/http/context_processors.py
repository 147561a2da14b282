import uuid
from typing import Any


def command_id(request: object) -> dict[str, Any]:
    """`{{ command_id }}`: a new id each time a template says it, one for each form."""
    return {"command_id": uuid.uuid4}
