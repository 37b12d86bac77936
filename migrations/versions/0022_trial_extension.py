"""How many days a trial was extended by, so that the limit does not hang on its usual length."""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add the days; trials already extended count what goes beyond the usual fortnight."""
    op.execute("alter table subscription add column trial_extended_days bigint not null default 0")
    op.execute(
        "update subscription s"
        " set trial_extended_days = least(30, greatest(0, trial_ends_on - started_on - 14))"
        " where status = 'trial' and exists (select from plan_history h"
        " where h.subscription_id = s.id and h.kind = 'trial_extended')"
    )
    op.create_check_constraint(
        op.f("ck_subscription_trial_extended_at_most"),
        "subscription",
        "trial_extended_days between 0 and 30",
    )
