"""`saldo …`: the door for operators and cron."""

import typer

from commands import books, database, imports, operations, reports

app = typer.Typer(
    help="Saldo, the finance cockpit.", no_args_is_help=True, pretty_exceptions_enable=False
)
app.add_typer(database.app, name="db")
app.add_typer(imports.app, name="import")
app.add_typer(books.ledger_app, name="ledger")
app.add_typer(books.audit_app, name="audit")
app.add_typer(reports.report_app, name="report")
app.add_typer(operations.user_app, name="user")
app.command()(reports.sync)
app.command()(reports.metrics)
app.command()(operations.demo)
app.command()(operations.serve)
app.command()(operations.doctor)
app.command()(operations.bench)


def main() -> None:
    """Run the command line."""
    operations.configure_logs()
    app()


if __name__ == "__main__":
    main()
