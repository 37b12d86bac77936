"""The gate: permission, fresh sign-in, reason, one key one write, one audit row."""

import threading
from datetime import timedelta

import psycopg
import pytest

from core.access.actions import create_user, disable_user, grant_role, revoke_role
from core.access.authority import system
from core.actions import REGISTRY
from core.audit.queries import search, verify
from core.clock import SetClock
from core.errors import (
    BadInput,
    FreshAuthNeeded,
    KeyReused,
    NotAllowed,
    NotNow,
    ReasonNeeded,
    SignInNeeded,
)
from core.work import Office
from tests.builders import PASSWORD, a_user, acting

WHY = "a reason long enough"


def test_action_without_its_permission_writes_nothing(office: Office) -> None:
    """ASVS 8.2.1: what is refused has not happened."""
    clerk, target = a_user(office, "billing"), a_user(office)
    with pytest.raises(NotAllowed), office.work(acting(office, clerk)) as work:
        grant_role(work, target.id, "cfo", reason=WHY)
    with office.work(system("test")) as work:
        assert search(work, event_type="access.role") == []


def test_stale_sign_in_is_refused(office: Office, clock: SetClock) -> None:
    """ASVS 7.5.3: a session left open moves no money and gives no rights."""
    actor, target = acting(office, a_user(office, "super_admin")), a_user(office)
    clock.advance(timedelta(minutes=5))
    with pytest.raises(FreshAuthNeeded), office.work(actor) as work:
        grant_role(work, target.id, "cfo", reason=WHY)


@pytest.mark.parametrize("reason", ["", "short", "         x         "])
def test_reason_of_fewer_than_ten_characters_is_refused(office: Office, reason: str) -> None:
    """ASVS 16.2.1: a guarded action says why."""
    actor, target = acting(office, a_user(office, "super_admin")), a_user(office)
    with pytest.raises(ReasonNeeded), office.work(actor) as work:
        grant_role(work, target.id, "cfo", reason=reason)


def test_a_write_leaves_one_audit_row_with_its_reason(office: Office) -> None:
    """ASVS 16.2.1, 16.3.3: who, what, when, from where, and why."""
    boss, target = a_user(office, "super_admin"), a_user(office)
    with office.work(acting(office, boss)) as work:
        grant_role(work, target.id, "cfo", reason=WHY)
    with office.work(system("test")) as work:
        (row,) = search(work, event_type="access.role.granted")
        assert (row.actor_id, row.payload["reason"], row.payload["role"]) == (boss.id, WHY, "cfo")
        assert row.ip_address == "192.0.2.7"
        assert verify(work).intact


def test_revoked_role_bites_in_the_open_session(office: Office) -> None:
    """ASVS 8.3.2: the next action of an open session is refused."""
    boss = acting(office, a_user(office, "super_admin"))
    other = a_user(office, "super_admin")
    session = acting(office, other)
    with office.work(boss) as work:
        revoke_role(work, other.id, "super_admin", reason=WHY)
    with pytest.raises(NotAllowed), office.work(session) as work:
        grant_role(work, other.id, "super_admin", reason=WHY)


def test_disabling_a_user_ends_the_open_sessions(office: Office) -> None:
    """ASVS 7.4.2: who leaves is out at once."""
    boss, other = acting(office, a_user(office, "super_admin")), a_user(office, "cfo")
    session = acting(office, other)
    with office.work(boss) as work:
        disable_user(work, other.id, reason=WHY)
    with pytest.raises(SignInNeeded), office.work(session):
        pass


def test_same_key_in_eight_threads_writes_once(office: Office) -> None:
    """ASVS 2.3.3: a request sent again and again is one."""
    boss = acting(office, a_user(office, "super_admin"))
    seen: list[int] = []

    def create() -> None:
        with office.work(boss) as work:
            user = create_user(
                work, "new@example.com", "New", PASSWORD, ("cfo",), reason=WHY, key="dialog-0001"
            )
            seen.append(user.id)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1
    with office.work(system("test")) as work:
        assert len(search(work, event_type="access.user.created")) == 1


def test_a_key_used_for_another_request_is_refused(office: Office) -> None:
    """ASVS 2.3.3: a key stands for one request."""
    boss = acting(office, a_user(office, "super_admin"))
    with office.work(boss) as work:
        create_user(work, "a@example.com", "A", PASSWORD, (), reason=WHY, key="dialog-0001")
    with pytest.raises(KeyReused), office.work(boss) as work:
        create_user(work, "b@example.com", "B", PASSWORD, (), reason=WHY, key="dialog-0001")


def test_a_refused_action_frees_its_key(office: Office) -> None:
    """ASVS 2.3.3: what failed leaves nothing behind."""
    boss = acting(office, a_user(office, "super_admin"))
    for _ in range(2):
        with pytest.raises(BadInput), office.work(boss) as work:
            create_user(work, "no-address", "A", PASSWORD, (), reason=WHY, key="dialog-0001")


def test_tenant_role_does_not_fit_a_platform_user(office: Office) -> None:
    """ASVS 8.2.1: roles of tenants and of the platform do not mix."""
    boss, other = acting(office, a_user(office, "super_admin")), a_user(office)
    with pytest.raises(BadInput), office.work(boss) as work:
        grant_role(work, other.id, "org_admin", reason=WHY)


DUE_ANYWAY = ("job.run_asked", "books.refresh_asked")
"""A job run early does what its schedule would do."""


def test_every_action_of_finance_and_every_role_change_is_fresh_and_has_a_reason() -> None:
    """ASVS 7.5.1, 7.5.3: the declaration of each action says so."""
    guarded = {
        "sys_finance",
        "users.manage",
        "payment_config.manage",
        "saas.wallets.manage",
        "billing.approve",
    }
    loose = [
        spec.event_type
        for spec in REGISTRY.values()
        if spec.needs in guarded
        and spec.event_type not in DUE_ANYWAY
        and not (spec.fresh and spec.reason)
    ]
    assert loose == []


def test_only_a_super_admin_makes_another_one(office: Office, database_url: str) -> None:
    """ASVS 8.2.1: nobody gives away more than they have."""
    with psycopg.connect(database_url) as db:
        db.execute("insert into role_permission values ('admin', 'users.manage')")
    admin, target = acting(office, a_user(office, "admin")), a_user(office)
    with pytest.raises(NotAllowed), office.work(admin) as work:
        grant_role(work, target.id, "super_admin", reason=WHY)


def test_the_last_super_admin_stays(office: Office) -> None:
    """ASVS 2.3.2: nobody locks everybody out."""
    boss = a_user(office, "super_admin")
    with pytest.raises(NotNow, match="last super admin"), office.work(acting(office, boss)) as work:
        revoke_role(work, boss.id, "super_admin", reason=WHY)


def test_a_tenants_user_never_acts_for_the_platform(office: Office, database_url: str) -> None:
    """ASVS 8.2.1, 8.4.1: whatever the permission table is made to say."""
    with psycopg.connect(database_url) as db:
        db.execute("insert into role_permission values ('org_admin', 'users.manage')")
        db.execute(
            "insert into tenant (id, name, currency, created_at) values (7, 'A', 'EUR', now())"
        )
    theirs = acting(office, a_user(office, "org_admin", tenant_id=7))
    with pytest.raises(NotAllowed), office.work(theirs) as work:
        grant_role(work, 1, "org_user", reason=WHY)


def test_granting_twice_is_told_and_leaves_one_audit_row(office: Office) -> None:
    """ASVS 16.3.3: the log has what changed, once."""
    boss, target = acting(office, a_user(office, "super_admin")), a_user(office)
    with office.work(boss) as work:
        grant_role(work, target.id, "cfo", reason=WHY)
    with pytest.raises(NotNow), office.work(boss) as work:
        grant_role(work, target.id, "cfo", reason=WHY)
    with office.work(system("test")) as work:
        assert len(search(work, event_type="access.role.granted")) == 1
