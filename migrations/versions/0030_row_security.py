"""Row-level security: the database itself keeps tenants apart (ACC.4)."""

from alembic import op

from migrations.helpers import OWN, isolate, isolate_within, keep_from_tenants, show_defaults

revision = "0030"
down_revision = "0029"

OWNED = (
    "accounting_entry", "api_key", "app_user", "charge_attempt", "credit_note", "credit_note_line",
    "dispute", "document", "dunning_case", "dunning_event", "dunning_hold", "dunning_policy",
    "gateway_credentials", "gateway_customer", "gateway_event", "gateway_line", "gateway_payout",
    "gateway_pull", "hosted_page", "idempotency_key", "invoice", "invoice_line",
    "ledger_transaction", "notification", "notification_channel", "notification_delivery",
    "payment", "payment_allocation", "payment_method", "plan_history", "reconciliation_decision",
    "refund", "subscription", "subscription_cancellation", "subscription_item",
    "suggestion_declined", "usage_counter", "usage_event", "usage_period", "usage_subject",
    "wallet", "wallet_transaction", "webhook_endpoint",
)  # fmt: skip
"""Tables whose rows name their tenant; a row without one is the company's own."""
WITHIN = {
    "dunning_stage": ("policy_id", "dunning_policy"),
    "user_identity": ("user_id", "app_user"),
    "user_role": ("user_id", "app_user"),
    "user_session": ("user_id", "app_user"),
}
"""Tables whose rows belong to whom another row belongs to."""
DEFAULTS = ("dunning_policy", "notification_channel")
"""Tables in which what the company set holds for every tenant."""
COMPANY = (
    "auto_assign_choice", "auto_assign_trial", "bank_csv_mapping", "bank_statement",
    "bank_transfer", "cash_balance", "close_explanation", "closed_figure", "cost",
    "gateway_ledger_entry", "job_run", "job_schedule", "login_attempt", "matching_calibration",
    "oidc_request", "query_run", "reconciliation_day", "saved_query", "unmatched_bank_transfer",
)  # fmt: skip
"""The company's own tables, no tenant's business."""


def upgrade() -> None:
    """Give every table its policy; those that hold for everybody have none."""
    _own_answers()
    _name_documents()
    isolate("tenant", "id")
    isolate("audit_event", "organization_id")
    # What no tenant is named for is written down all the same, for the company to read.
    op.execute(
        "create policy unowned on audit_event for insert "
        f"with check (organization_id is null and {OWN} is not null)"
    )
    # The chain goes on from its last row, whoever adds the next: the trigger reads as the owner.
    op.execute("create policy chain on audit_event for select to current_role using (true)")
    for table in OWNED:
        isolate(table)
    for table, (key, parent) in WITHIN.items():
        isolate_within(table, key, parent)
    for table in DEFAULTS:
        show_defaults(table)
    for table in COMPANY:
        keep_from_tenants(table)


def _own_answers() -> None:
    """A kept answer is the tenant's whose user or key asked; the database notes whose that is."""
    op.execute("alter table idempotency_key add column tenant_id bigint")
    op.execute(
        "update idempotency_key k set tenant_id = u.tenant_id from app_user u "
        "where split_part(k.scope, '|', 2) = u.id::text and u.tenant_id is not null"
    )
    op.execute(
        "update idempotency_key k set tenant_id = a.tenant_id from api_key a "
        "where split_part(k.scope, '|', 2) = a.prefix and a.tenant_id is not null"
    )
    op.execute(
        "alter table idempotency_key alter column tenant_id "
        "set default nullif(current_setting('app.tenant_id', true), '')::bigint"
    )


def _name_documents() -> None:
    """Keep what an event names as columns: under a policy no index over an expression is used."""
    for name in ("invoice_id", "payment_id"):
        op.execute(f"drop index ix_audit_event_{name}")
        op.execute(
            f"alter table audit_event add column {name} text "
            f"generated always as (payload ->> '{name}') stored"
        )
        op.execute(
            f"create index ix_audit_event_{name} on audit_event ({name}) where {name} is not null"
        )
