"""API keys: scoped, hashed, shown once, dead when revoked or expired (ACC.5)."""

from datetime import timedelta

import psycopg
import pytest
from starlette.testclient import TestClient

from core.access.authority import Actor
from core.access.keys import create_key, key_actor, keys, revoke_key
from core.audit.queries import search
from core.clock import SetClock
from core.errors import BadInput, FreshAuthNeeded, NotAllowed, NotFound, NotNow, SignInNeeded
from core.work import Office
from tests.api.conftest import Keys, a_key
from tests.billing import JOB, WHY, a_tenant
from tests.builders import a_user, acting


def _everything_stored(database_url: str) -> str:
    """Every row of every table as text."""
    with psycopg.connect(database_url) as db:
        tables = db.execute(
            "select tablename from pg_tables where schemaname = 'public'"
        ).fetchall()
        return "\n".join(
            str(db.execute(f"select t::text from {table} t").fetchall()) for (table,) in tables
        )


def test_a_token_is_shown_once_and_stored_nowhere(
    office: Office, boss: Actor, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    made = a_key(office, boss, "billing.read")
    key_actor(office, made.token)
    secret = made.token.removeprefix(made.prefix + "_")
    assert made.token.startswith("sk_saldo_")
    assert len(secret) >= 43
    stored = _everything_stored(database_url)
    assert made.prefix in stored
    assert secret not in stored
    assert secret not in caplog.text


def test_an_unknown_a_wrong_a_revoked_and_an_expired_key_are_refused_alike(
    office: Office, boss: Actor, clock: SetClock, api: TestClient
) -> None:
    revoked, expired = a_key(office, boss, "billing.read"), None
    with office.work(boss) as work:
        soon = work.now + timedelta(minutes=1)
        expired = create_key(work, "Short", ("billing.read",), expires_at=soon, reason=WHY)
    wrong = revoked.token[:-1] + ("A" if revoked.token[-1] != "A" else "B")
    unknown = "sk_saldo_" + "0" * 12 + "_" + "x" * 43
    with office.work(boss) as work:
        revoke_key(work, revoked.id, reason=WHY)
    clock.advance(timedelta(minutes=2))
    told = set()
    for token in (unknown, wrong, revoked.token, expired.token, "", "sk_saldo_", "é"):
        with pytest.raises(SignInNeeded) as refusal:
            key_actor(office, token)
        told.add(str(refusal.value))
        answer = api.get(
            "/v1/tenants/1/access", headers=[(b"authorization", b"Bearer " + token.encode())]
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_needed")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert len(told) == 1


def test_revoking_ends_a_key_within_an_open_actor(office: Office, boss: Actor) -> None:
    made = a_key(office, boss, "billing.read")
    actor = key_actor(office, made.token)
    with office.work(boss) as work:
        revoke_key(work, made.id, reason=WHY)
    with pytest.raises(SignInNeeded), office.work(actor):
        pass
    with pytest.raises(NotNow), office.work(boss) as work:
        revoke_key(work, made.id, reason=WHY)
    with pytest.raises(NotFound), office.work(boss) as work:
        revoke_key(work, 999, reason=WHY)


def test_a_key_has_no_more_than_it_was_given(office: Office, boss: Actor) -> None:
    tenant = a_tenant(office)
    platform = key_actor(office, a_key(office, boss, "saas.billing.admin").token)
    own = key_actor(office, a_key(office, boss, "org.billing.read", tenant_id=tenant.id).token)
    with office.work(platform) as work:
        assert work.standing.may("saas.plans.manage")
        assert not work.standing.may("billing.read")
    with office.work(own) as work:
        assert work.standing.permissions == {"org.billing.read"}
        assert work.standing.tenant_id == tenant.id


def test_a_key_never_counts_as_freshly_signed_in(office: Office, boss: Actor) -> None:
    actor = key_actor(office, a_key(office, boss, "users.manage").token)
    with pytest.raises(FreshAuthNeeded), office.work(actor) as work:
        create_key(work, "Another", ("users.manage",), reason=WHY)


@pytest.mark.parametrize(
    ("permissions", "of_tenant", "problem"),
    [
        ((), False, BadInput),
        (("no.such",), False, BadInput),
        (("org.billing.read",), False, BadInput),
        (("billing.read",), True, BadInput),
        (("sys_finance",), False, NotAllowed),
    ],
    ids=["no permission", "unknown", "a tenant's for the platform", "the platform's", "not held"],
)
def test_a_key_that_reaches_too_far_is_not_made(
    office: Office, permissions: tuple[str, ...], of_tenant: bool, problem: type[Exception]
) -> None:
    tenant = a_tenant(office)
    maker = acting(office, a_user(office, _role_that_manages_users(office)))
    with pytest.raises(problem), office.work(maker) as work:
        tenant_id = tenant.id if of_tenant else None
        create_key(work, "Too far", permissions, tenant_id=tenant_id, reason=WHY)


def _role_that_manages_users(office: Office) -> str:
    with office.work(JOB) as work:
        db = work.session.connection()
        db.exec_driver_sql("insert into role values ('keeper', 'Keeper of users')")
        db.exec_driver_sql("insert into role_permission values ('keeper', 'users.manage')")
    return "keeper"


def test_making_and_revoking_are_audited_without_the_token(office: Office, boss: Actor) -> None:
    made = a_key(office, boss, "billing.read")
    with office.work(boss) as work:
        revoke_key(work, made.id, reason=WHY)
    with office.work(boss) as work:
        rows = search(work, event_type="access.api_key")
    assert [row.event_type for row in rows] == ["access.api_key.revoked", "access.api_key.created"]
    assert all(row.payload["prefix"] == made.prefix for row in rows)
    assert made.token not in str(rows)


def test_last_use_is_kept_to_the_minute(office: Office, boss: Actor, clock: SetClock) -> None:
    made = a_key(office, boss, "billing.read")
    key_actor(office, made.token)
    first = clock.now()
    clock.advance(timedelta(seconds=30))
    key_actor(office, made.token)
    with office.work(boss) as work:
        (row,) = keys(work).rows
    assert row.last_used_at == first


def test_what_a_program_did_names_its_key_in_the_log(
    office: Office, boss: Actor, api: TestClient, program: Keys
) -> None:
    headers = program("saas.plans.manage")
    body = {"slug": "tiny", "name": "Tiny", "prices": []}
    assert api.post("/admin/billing/plans", json=body, headers=headers).status_code == 201
    with office.work(boss) as work:
        (row,) = search(work, event_type="saas.plan.created")
    assert (row.actor_type, row.actor_id) == ("api_key", None)
    assert row.actor_name is not None
    assert row.actor_name.startswith("sk_saldo_")
