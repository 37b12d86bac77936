"""The file of `saldo invoice total`, `create` and `edit`."""

import json
from decimal import Decimal
from pathlib import Path

from pydantic import ValidationError

from core.errors import BadInput
from core.invoices.written import WrittenInvoice

LARGEST_FILE = 5 * 1024 * 1024


def read(path: Path) -> WrittenInvoice:
    """The file's invoice. Raises BadInput that names the place of what is wrong."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise BadInput(f"{path} is larger than {LARGEST_FILE} bytes")
        found = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    except OSError as problem:
        raise BadInput(f"{path} cannot be read: {problem.strerror}") from problem
    except (ValueError, RecursionError) as problem:
        raise BadInput(f"{path} is not a JSON document: {problem}") from problem
    if not isinstance(found, dict):
        raise BadInput(f"{path} holds no JSON object")
    try:
        return WrittenInvoice.model_validate(found)
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        raise BadInput(f"{path}: {place}: {first['msg']}") from problem
