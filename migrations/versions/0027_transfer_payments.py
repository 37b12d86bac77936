"""A bank transfer may pay several tenants: its payments name it, one for each of them."""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Let payments name their transfer instead of the transfer its one payment."""
    op.execute("alter table payment add column bank_transfer_id bigint")
    op.execute(
        "update payment p set bank_transfer_id = b.id"
        " from bank_transfer b where b.payment_id = p.id"
    )
    op.execute(
        "alter table payment add constraint fk_payment_bank_transfer_id"
        " foreign key (bank_transfer_id) references bank_transfer (id)"
    )
    op.execute("create index ix_payment_bank_transfer_id on payment (bank_transfer_id)")
    op.execute(
        "create unique index uq_payment_bank_transfer_tenant on payment (bank_transfer_id,"
        " tenant_id) where bank_transfer_id is not null and status <> 'reversed'"
    )
    op.execute("alter table bank_transfer drop column payment_id")
