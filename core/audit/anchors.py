"""Heads of the chain kept outside the database: one JSON line a night."""

import json
import os
from pathlib import Path

from core.audit.queries import Anchor
from core.errors import BadInput


def read(path: Path) -> list[Anchor]:
    """The anchors of a file; raises BadInput naming the line that is none."""
    anchors = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            kept = json.loads(line)
            anchors.append(
                Anchor(int(kept["seq"]), str(kept["hash"]), str(kept.get("anchored_at", "")))
            )
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as problem:
            raise BadInput(f"{path}, line {number}: not an anchor") from problem
    return anchors


def keep(path: Path, anchor: Anchor) -> None:
    """Append an anchor and force it to disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(
            json.dumps({"seq": anchor.seq, "hash": anchor.hash, "anchored_at": anchor.anchored_at})
            + "\n"
        )
        file.flush()
        os.fsync(file.fileno())
