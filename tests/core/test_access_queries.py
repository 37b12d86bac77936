"""Accounts and the permission table as the admin page reads them, and who is refused."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.access import actions, queries
from core.access.authority import Actor, system
from core.access.models import RolePermission
from core.access.permissions import INCLUDED, PERMISSIONS, ROLES, SAAS_ADMIN
from core.access.queries import UserRow
from core.clock import SetClock
from core.errors import NotAllowed, NotFound
from core.tenants.models import Tenant
from core.work import Office, Work
from tests.builders import PASSWORD, a_user, acting

WHY = "a reason long enough"


@pytest.fixture
def boss(office: Office) -> Actor:
    return acting(office, a_user(office, "super_admin", email="boss@example.com"))


def a_tenant(office: Office, name: str = "Fjord Freight AB") -> int:
    with office.work(system("test")) as work:
        tenant = Tenant(name=name, currency="SEK", created_at=work.now)
        work.session.add(tenant)
        work.session.flush()
    return tenant.id


def found(office: Office, actor: Actor, **wanted: object) -> list[str]:
    with office.work(actor) as work:
        return [row.email for row in queries.users(work, **wanted)]  # type: ignore[arg-type]


def test_user_row_says_what_the_page_shows(office: Office, boss: Actor, clock: SetClock) -> None:
    tenant = a_tenant(office)
    user = a_user(office, "org_user", "org_admin", email="ana@fjord.example", tenant_id=tenant)
    acting(office, user)
    clock.advance(timedelta(minutes=30))
    with office.work(boss) as work:
        (row,) = queries.users(work, "ana@")
        assert row == queries.user(work, user.id)
    assert row == UserRow(
        id=user.id,
        name="A user",
        email="ana@fjord.example",
        tenant_id=tenant,
        tenant_name="Fjord Freight AB",
        roles=("org_admin", "org_user"),
        totp=False,
        last_seen_at=clock.now() - timedelta(minutes=30),
        created_at=user.created_at,
        disabled_at=None,
    )
    assert row.may_have("org_user")
    assert not row.may_have("cfo")


def test_text_is_found_in_name_address_and_tenant_and_never_a_pattern(
    office: Office, boss: Actor
) -> None:
    a_user(office, email="under_score@example.com")
    a_user(office, email="underscore@example.com")
    a_user(office, "org_user", email="ana@fjord.example", tenant_id=a_tenant(office))
    assert found(office, boss, text="UNDER_") == ["under_score@example.com"]
    assert found(office, boss, text=" fjord freight ") == ["ana@fjord.example"]
    assert found(office, boss, text="%") == []
    assert found(office, boss, text="\x00'; drop table app_user") == []


def test_role_narrows_the_list_and_the_limit_bounds_it(office: Office, boss: Actor) -> None:
    for number in range(3):
        a_user(office, "cfo", email=f"cfo{number}@example.com")
    assert len(found(office, boss, role="cfo")) == 3
    assert len(found(office, boss, role="cfo", text="cfo1")) == 1
    assert len(found(office, boss, limit=2)) == 2
    assert len(found(office, boss, limit=-1)) == 1
    assert found(office, boss, role="no such role") == []


@pytest.mark.parametrize("user_id", [0, -1, 999_999, 2**70])
def test_unknown_user_is_not_found(office: Office, boss: Actor, user_id: int) -> None:
    with pytest.raises(NotFound), office.work(boss) as work:
        queries.user(work, user_id, hold=True)


def test_permission_table_is_what_a_new_installation_starts_with(
    office: Office, boss: Actor
) -> None:
    with office.work(boss) as work:
        table = {row.role: row for row in queries.permission_table(work)}
    assert list(table) == list(ROLES)
    for role, (title, granted) in ROLES.items():
        assert (table[role].title, table[role].granted) == (title, set(granted))
    assert table["super_admin"].members == 1
    assert table["super_admin"].allowed == set(PERMISSIONS)


def test_permission_that_includes_others_allows_them(office: Office, boss: Actor) -> None:
    with office.work(boss) as work:
        actions.grant_permission(work, "operator", SAAS_ADMIN, reason=WHY)
    with office.work(boss) as work:
        row = next(row for row in queries.permission_table(work) if row.role == "operator")
    assert row.granted == {SAAS_ADMIN}
    assert row.allowed == {SAAS_ADMIN, *INCLUDED[SAAS_ADMIN]}


def test_disabled_account_is_no_member(office: Office, boss: Actor) -> None:
    gone = a_user(office, "cfo")
    with office.work(boss) as work:
        actions.disable_user(work, gone.id, reason=WHY)
    with office.work(boss) as work:
        members = {row.role: row.members for row in queries.permission_table(work)}
        assert queries.user(work, gone.id).disabled_at is not None
    assert members["cfo"] == 0


def test_tenants_are_listed_by_name(office: Office, boss: Actor) -> None:
    for name in ("beta", "Alfa"):
        a_tenant(office, name)
    with office.work(boss) as work:
        assert [tenant.name for tenant in queries.tenants(work)] == ["Alfa", "beta"]


READS: dict[str, Callable[[Work, int], object]] = {
    "users": lambda work, _user: queries.users(work),
    "user": queries.user,
    "permission table": lambda work, _user: queries.permission_table(work),
    "tenants": lambda work, _user: queries.tenants(work),
}
WRITES: dict[str, Callable[[Work, int], object]] = {
    "create": lambda work, _user: actions.create_user(
        work, "new@example.com", "New", PASSWORD, ("super_admin",), reason=WHY
    ),
    "disable": lambda work, user: actions.disable_user(work, user, reason=WHY),
    "grant": lambda work, user: actions.grant_role(work, user, "super_admin", reason=WHY),
    "revoke": lambda work, user: actions.revoke_role(work, user, "cfo", reason=WHY),
    "add a permission": lambda work, _user: actions.grant_permission(
        work, "cfo", "users.manage", reason=WHY
    ),
    "take a permission": lambda work, _user: actions.revoke_permission(
        work, "billing", "billing.read", reason=WHY
    ),
}


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_cfo_is_refused_even_past_the_page(office: Office, name: str) -> None:
    cfo = acting(office, a_user(office, "cfo"))
    target = a_user(office, "cfo")
    with pytest.raises(NotAllowed), office.work(cfo) as work:
        {**READS, **WRITES}[name](work, target.id)


@pytest.mark.parametrize("name", READS)
def test_tenant_user_sees_no_accounts_whatever_the_table_grants(office: Office, name: str) -> None:
    user = a_user(office, "org_admin", tenant_id=a_tenant(office))
    with office.work(system("test")) as work:
        work.session.add(RolePermission(role="org_admin", permission="users.manage"))
    with pytest.raises(NotAllowed), office.work(acting(office, user)) as work:
        READS[name](work, user.id)
