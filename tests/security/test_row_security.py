"""Tenants are kept apart by the database: every table, from the catalogue, in each scope."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from core.access.authority import system
from core.db import APP_ROLE, PLATFORM_SCOPE, SCOPE
from core.tenants.models import Tenant
from core.work import Office
from tests.builders import a_user, acting
from tests.databases import copy_of

FOR_EVERYBODY = {
    "account": "the chart of accounts",
    "alembic_version": "the number of the newest migration",
    "closed_month": "a posting in any scope is refused in a closed month",
    "fx_rate": "published rates",
    "invoice_series": "whoever causes an invoice takes its next number",
    "issuer_profile": "stands on everybody's invoices",
    "meter": "what usage is counted in",
    "plan": "the catalogue is public",
    "plan_limit": "the catalogue is public",
    "plan_price": "the catalogue is public",
    "role": "the permission table",
    "role_permission": "the permission table",
    "sync_tombstone": "numbers of deleted rows, written by whoever deletes",
    "usage_price": "the catalogue is public",
    "usage_price_tier": "the catalogue is public",
}
"""Tables without a policy, and why each row of them concerns everybody."""
SCOPES = {
    "none": None,
    "platform": PLATFORM_SCOPE,
    "first": SCOPE.format("tenant", 1),
    "second": SCOPE.format("tenant", 2),
}
_POLICIES = """
select tablename, policyname, permissive, roles, cmd, qual, with_check from pg_policies
where schemaname = 'public' order by 1, 2
"""
_TABLES = """
select relname, relrowsecurity, relforcerowsecurity from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1
"""
_KEYS = """
select conrelid::regclass::text, confrelid::regclass::text from pg_constraint
where contype = 'f' and connamespace = 'public'::regnamespace
"""
_COLUMNS = """
select attname, attidentity <> '' from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped
"""
_RULES = """
select conname from pg_constraint
where conrelid = %s::regclass and contype in ('c', 'f', 'p', 'u')
"""
_WITHIN = {
    "dunning_stage": "policy_id",
    "user_identity": "user_id",
    "user_role": "user_id",
    "user_session": "user_id",
}
"""Which column leads to the row whose tenant counts."""
_DEFAULTS = {"dunning_policy", "notification_channel"}
"""Where tenants see what the company set for all of them."""
_NOBODYS = 9


def owner_column(table: str) -> str:
    """The column that says whose a row is."""
    if table in _WITHIN:
        return _WITHIN[table]
    return {"tenant": "id", "audit_event": "organization_id"}.get(table, "tenant_id")


def row(db: psycopg.Connection, table: str, number: int, owner: int | None) -> sql.Composed:
    """An insert of a row with the id `number`, of tenant `owner`; nothing else is filled in."""
    columns = {name for name, _ in db.execute(_COLUMNS, [table])}
    values = {"id": number} if "id" in columns else {}
    if owner is not None:
        values[owner_column(table)] = owner
    if not values:
        return _with("insert into {} default values", table)
    return sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(map(sql.Literal, values.values())),
    )


def _disarm(db: psycopg.Connection, table: str) -> None:
    """Leave only the policies to say no."""
    for (name,) in db.execute(_RULES, [table]).fetchall():
        db.execute(_with("alter table {} drop constraint {} cascade", table, name))
    for name, counted in db.execute(_COLUMNS, [table]).fetchall():
        if not counted:
            db.execute(_with("alter table {} alter column {} drop not null", table, name))
    db.execute(_with("alter table {} disable trigger all", table))
    db.execute(_with(f"grant update, delete on {{}} to {APP_ROLE}", table))
    db.execute(_with("delete from {}", table))


def _with(statement: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))


@dataclass(frozen=True)
class Filled:
    """A database with rows of tenants 1 and 2 and of nobody in every table with a policy."""

    url: str
    owned: list[str]
    company: list[str]

    @contextmanager
    def inside(self, scope: str) -> Iterator[psycopg.Connection]:
        """The application role in a scope; undone afterwards."""
        with psycopg.connect(self.url) as db:
            db.execute(f"set role {APP_ROLE}")
            if SCOPES[scope]:
                db.execute(SCOPES[scope])
            yield db
            db.rollback()

    def seen(self, db: psycopg.Connection, table: str) -> list[str | None]:
        """Whose rows are seen."""
        whose = owner_column(table) if table in self.owned else "null"
        column = sql.SQL("null") if whose == "null" else sql.Identifier(whose)
        asked = sql.SQL("select {}::text from {} order by 1").format(column, sql.Identifier(table))
        return [owner for (owner,) in db.execute(asked)]


@pytest.fixture(scope="module")
def filled(server: str, template: str) -> Iterator[Filled]:
    """Such a database; checks, keys and triggers are gone."""
    with copy_of(server, template) as url:
        with psycopg.connect(url) as db:
            found = db.execute(_POLICIES).fetchall()
            owned = sorted({table for table, name, *_ in found if name == "tenant"})
            company = sorted({table for table, name, *_ in found if name == "company"})
            for table in [*owned, *company]:
                _disarm(db, table)
            for table in owned:
                for number in (1, 2):
                    db.execute(row(db, table, number, number))
                if table not in _WITHIN and table != "tenant":
                    db.execute(row(db, table, _NOBODYS, None))
            for table in company:
                db.execute(row(db, table, 1, None))
        yield Filled(url, owned, company)


def test_every_table_is_covered_or_concerns_everybody(database_url: str) -> None:
    """ASVS 8.2.2, 8.4.1: a new table fails here until it is decided whose its rows are."""
    with psycopg.connect(database_url) as db:
        tables = {name: (on, forced) for name, on, forced in db.execute(_TABLES)}
        policies = {table for table, *_ in db.execute(_POLICIES)}
        named = db.execute(
            "select table_name from information_schema.columns where table_schema = 'public' and"
            " column_name in ('tenant_id', 'organization_id')"
        )
        tenants = {table for (table,) in named}
        led = {table for table, to in db.execute(_KEYS) if to in {*_WITHIN, "app_user"}}
    open_tables = {name for name, guard in tables.items() if guard != (True, True)}
    assert open_tables == FOR_EVERYBODY.keys()
    assert policies == tables.keys() - open_tables
    assert not tenants & open_tables
    assert not led & open_tables - {"closed_month"}


def test_without_a_scope_there_is_nothing(filled: Filled) -> None:
    """ASVS 8.4.1, 16.5.3: no row of any tenant or the company is seen or taken by accident."""
    with filled.inside("none") as db:
        assert {t: s for t in (*filled.owned, *filled.company) if (s := filled.seen(db, t))} == {}
    for table in (*filled.owned, *filled.company):
        assert _refused(filled, "none", table, 5, 1), table


def test_the_platform_sees_all(filled: Filled) -> None:
    """ASVS 8.2.2: the company's own people and jobs see every row, also those of nobody."""
    with filled.inside("platform") as db:
        for table in filled.owned:
            nobodys = [] if table in _WITHIN or table == "tenant" else [None]
            assert filled.seen(db, table) == ["1", "2", *nobodys], table
        assert all(len(filled.seen(db, table)) == 1 for table in filled.company)


@pytest.mark.parametrize(("scope", "own"), [("first", "1"), ("second", "2")])
def test_a_tenant_sees_its_own_rows_alone(filled: Filled, scope: str, own: str) -> None:
    """ASVS 8.2.2, 8.4.1: by any query, also one that forgets to ask for the tenant."""
    with filled.inside(scope) as db:
        for table in filled.owned:
            assert filled.seen(db, table) == [own, *[None] * (table in _DEFAULTS)], table
        assert not any(filled.seen(db, table) for table in filled.company)


def test_a_tenant_writes_for_nobody_else(filled: Filled) -> None:
    """ASVS 8.2.2, 8.4.1: another's row is neither added, changed, taken nor given away."""
    for table in (*filled.owned, *filled.company):
        assert _refused(filled, "first", table, 5, 2), table
        with filled.inside("first") as db:
            mine = len(filled.seen(db, table)) if table in filled.owned else 0
            gone = db.execute(_with("delete from {}", table)).rowcount
            assert gone == mine - (table in _DEFAULTS), table
    for table in filled.owned:
        whose = owner_column(table)
        with filled.inside("first") as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute(_with("update {} set {} = 2", table, whose))


def test_a_tenant_adds_its_own_rows(filled: Filled) -> None:
    """ASVS 8.2.2: what is refused above is refused for its owner, not altogether."""
    for table in sorted(set(filled.owned) - _WITHIN.keys() - {"tenant"}):
        with filled.inside("first") as db:
            db.execute(_with("delete from {}", table))
            db.execute(row(db, table, 5, 1))
            assert filled.seen(db, table)[0] == "1", table


def test_a_pooled_connection_keeps_no_scope(office: Office) -> None:
    """ASVS 8.4.1: what one unit of work may see, the next on its connection may not."""
    with office.work(system("test")) as work:
        work.session.add(Tenant(name="Nordbok AB", currency="SEK", created_at=work.now))
    with office.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from tenant")) == 0
    with office.work(system("test")) as work:
        assert work.session.scalar(text("select count(*) from tenant")) == 1


def test_a_unit_of_work_is_narrowed_to_the_tenant_of_its_actor(office: Office) -> None:
    """ASVS 8.2.2: a tenant's user is held back by the database, whatever a query asks for."""
    with office.work(system("test")) as work:
        own, other = (Tenant(name=name, currency="SEK", created_at=work.now) for name in ("A", "B"))
        work.session.add_all([own, other])
    user = a_user(office, "org_admin", tenant_id=own.id)
    with office.work(acting(office, user)) as work:
        assert list(work.session.scalars(text("select id from tenant"))) == [own.id]
        assert list(work.session.scalars(text("select id from app_user"))) == [user.id]


def test_the_application_role_cannot_lift_a_policy(database_url: str) -> None:
    """ASVS 13.2.2: it owns nothing, bypasses nothing and may not become who does."""
    with psycopg.connect(database_url) as db:
        owned = db.execute(
            "select relname from pg_class where relowner = 'saldo_app'::regrole"
        ).fetchall()
        rights = db.execute(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcanlogin from pg_roles"
            " where rolname = 'saldo_app'"
        ).fetchone()
        above = db.execute(
            "select roleid::regrole::text from pg_auth_members where member = 'saldo_app'::regrole"
        ).fetchall()
    assert (owned, rights, above) == ([], (False, False, False, False), [])


def test_the_owner_is_held_back_too(database_url: str) -> None:
    """ASVS 8.4.1: a connection of the owner's sees nothing either before it sets a scope."""
    with psycopg.connect(database_url) as db:
        db.execute("insert into tenant (name, currency, created_at) values ('A', 'SEK', now())")
        db.execute("set role saldo_owner")
        assert db.execute("select count(*) from tenant").fetchone() == (0,)
        db.execute(PLATFORM_SCOPE)
        assert db.execute("select count(*) from tenant").fetchone() == (1,)


def test_no_index_of_a_guarded_table_stands_over_an_expression(database_url: str) -> None:
    """ASVS 8.4.1: under a policy the planner passes such indexes by, so none is relied upon."""
    with psycopg.connect(database_url) as db:
        found = db.execute(
            "select indexrelid::regclass::text from pg_index join pg_class t on t.oid = indrelid"
            " where indexprs is not null and relrowsecurity"
        ).fetchall()
    assert found == []


def _refused(filled: Filled, scope: str, table: str, number: int, owner: int) -> bool:
    """Whether a row is refused by the table's policy."""
    whose = owner if table in filled.owned else None
    with filled.inside(scope) as db, pytest.raises(psycopg.errors.InsufficientPrivilege) as told:
        db.execute(row(db, table, number, whose))
    return "row-level security" in str(told.value)
