"""`saldo …`: the door for operators and cron."""

import typer

from commands import (
    bank,
    books,
    cash_forecast,
    channels,
    closing,
    credit_notes,
    database,
    document_reports,
    dunning,
    gateways,
    imports,
    invoices,
    jobs,
    keys,
    matching,
    notifications,
    operations,
    payments,
    plans,
    pure,
    reconciliation,
    reports,
    runs,
    sql,
    subscription_acts,
    subscriptions,
    tenants,
    unmatched,
    usage,
    usage_prices,
    users,
    wallets,
    worker,
)

app = typer.Typer(
    help="Saldo, the finance cockpit.", no_args_is_help=True, pretty_exceptions_enable=False
)
app.add_typer(database.app, name="db")
app.add_typer(imports.app, name="import")
app.add_typer(invoices.app, name="invoice")
app.add_typer(payments.app, name="payment")
app.add_typer(payments.refund_app, name="refund")
app.add_typer(unmatched.app, name="unmatched")
app.add_typer(reconciliation.app, name="reconciliation")
app.add_typer(credit_notes.app, name="credit-note")
app.add_typer(books.ledger_app, name="ledger")
app.add_typer(books.audit_app, name="audit")
app.add_typer(reports.report_app, name="report")
app.add_typer(users.app, name="user")
app.add_typer(keys.app, name="apikey")
app.add_typer(gateways.app, name="gateway")
app.add_typer(bank.app, name="bank")
app.add_typer(gateways.keys_app, name="keys")
app.add_typer(runs.app, name="run")
app.add_typer(worker.app, name="job")
app.add_typer(notifications.app, name="notification")
app.add_typer(usage.app, name="usage")
app.add_typer(wallets.app, name="wallet")
app.add_typer(dunning.app, name="dunning")
app.add_typer(subscription_acts.app, name="subscription")
app.add_typer(plans.app, name="plan")
app.add_typer(tenants.app, name="tenant")
app.add_typer(sql.app, name="query")
reports.report_app.command()(document_reports.churn)
reports.report_app.command()(document_reports.platform_fees)
reports.report_app.command()(document_reports.revenue_schedule)
reports.report_app.command("reconciliation")(reconciliation.report)
reports.report_app.command()(cash_forecast.cash_forecast)
invoices.app.command()(gateways.charge)
invoices.app.command()(gateways.attempts)
runs.app.command("notifications")(notifications.run)
worker.app.command()(jobs.schedule)
notifications.app.command()(channels.channels)
notifications.app.command()(channels.set_channel)
notifications.app.command()(channels.add_endpoint)
notifications.app.command()(channels.rotate_endpoint)
notifications.app.command()(channels.remove_endpoint)
notifications.app.command("test")(channels.send_test)
subscription_acts.app.command("list")(subscriptions.list_subscriptions)
subscription_acts.app.command()(subscriptions.show)
subscription_acts.app.command()(subscriptions.renewals)
usage.app.command()(usage_prices.meters)
usage.app.command()(usage_prices.prices)
usage.app.command()(usage_prices.create_meter)
usage.app.command()(usage_prices.set_price)
books.ledger_app.command()(closing.export)
app.command()(closing.close)
app.command()(reports.sync)
app.command()(reports.metrics)
app.command()(sql.sql)
app.command()(pure.proration)
app.command()(pure.periods)
app.command()(matching.match)
app.command()(operations.demo)
app.command()(operations.serve)
app.command()(worker.worker)
app.command()(operations.doctor)
app.command()(operations.bench)


def main() -> None:
    """Run the command line."""
    operations.configure_logs()
    app()


if __name__ == "__main__":
    main()
