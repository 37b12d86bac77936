"""The published analytics copy as routes read it: one reader per process and home."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends

from api.caller import TheOffice
from etl.warehouse import Warehouse

_held: dict[Path, Warehouse] = {}


def the_copy(at: TheOffice) -> Warehouse:
    """The reader of the analytics copy; safe for many threads."""
    path = at.settings.copy_path
    return _held.setdefault(path, Warehouse(at.settings))


TheCopy = Annotated[Warehouse, Depends(the_copy)]
