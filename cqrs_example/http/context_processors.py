import uuid
from typing import Any


def command_id(request: object) -> dict[str, Any]:
    """`{{ command_id }}` in a template: a new random id for each form of a page."""
    return {"command_id": uuid.uuid4}  # the function: the template calls it each time
