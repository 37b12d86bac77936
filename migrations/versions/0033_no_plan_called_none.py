"""No plan is called `none`, by which figures name what belongs to no plan."""

from alembic import op

revision = "0033"
down_revision = "0032"

_RENAME = """
update plan p
set slug = case
  when exists (select from plan o where o.slug = 'none-plan') then 'none-plan-' || p.id
  else 'none-plan'
end
where p.slug = 'none'
"""


def upgrade() -> None:
    """Give such a plan the slug that imports give it, or that with its number where taken."""
    op.execute(_RENAME)
    op.create_check_constraint(op.f("ck_plan_slug_not_reserved"), "plan", "slug <> 'none'")
