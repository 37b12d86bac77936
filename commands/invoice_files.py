"""The files of `saldo invoice total`, `create`, `edit` and `platform-fees`."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import BadInput
from core.invoices.actions import Fee
from core.invoices.written import WrittenInvoice
from core.money import LARGEST_MINOR

LARGEST_FILE = 5 * 1024 * 1024
MOST_FEES = 10_000
Shape = TypeVar("Shape", bound=BaseModel)


class WrittenFee(BaseModel):
    """A tenant's fee of a month in its currency, without tax, and the sales it is a share of."""

    model_config = ConfigDict(extra="forbid")

    tenant_id: Annotated[int, Field(strict=True, ge=1)]
    sales_minor: Annotated[int, Field(strict=True, ge=0, le=LARGEST_MINOR)]
    fee_minor: Annotated[int, Field(strict=True, gt=0, le=LARGEST_MINOR)]


class WrittenFees(BaseModel):
    """The fees of a month, a tenant once."""

    model_config = ConfigDict(extra="forbid")

    fees: Annotated[list[WrittenFee], Field(min_length=1, max_length=MOST_FEES)]


def read(path: Path) -> WrittenInvoice:
    """The file's invoice. Raises BadInput that names the place of what is wrong."""
    return _shaped(path, WrittenInvoice)


def read_fees(path: Path) -> tuple[Fee, ...]:
    """The file's platform fees. Raises BadInput that names the place of what is wrong."""
    return tuple(Fee(**fee.model_dump()) for fee in _shaped(path, WrittenFees).fees)


def _shaped(path: Path, shape: type[Shape]) -> Shape:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise BadInput(f"{path} is larger than {LARGEST_FILE} bytes")
        found = json.loads(path.read_text("utf-8-sig"), parse_float=Decimal)
    except OSError as problem:
        raise BadInput(f"{path} cannot be read: {problem.strerror}") from problem
    except (ValueError, RecursionError) as problem:
        raise BadInput(f"{path} is not a JSON document: {problem}") from problem
    if not isinstance(found, dict):
        raise BadInput(f"{path} holds no JSON object")
    try:
        return shape.model_validate(found)
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        raise BadInput(f"{path}: {place}: {first['msg']}") from problem
