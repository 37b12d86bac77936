"""`saldo worker`: the jobs carried out in the foreground (OPS)."""

from typing import Annotated

import typer

from commands.output import command
from core.office import office


@command
def worker(
    once: Annotated[
        bool, typer.Option("--once", help="Carry out what is due and what waits, then end.")
    ] = False,
) -> None:
    """Run the jobs in the foreground until told to stop."""
    import worker as composed  # noqa: PLC0415 (the pipeline is slow to import, only this needs it)

    if once:
        composed.run_once(office())
    else:
        composed.run(office())
