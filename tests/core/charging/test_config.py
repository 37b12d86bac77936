"""Keys of the gateways: sealed, masked, a tenant's own first, never told to anybody (PAY.7)."""

import json

import pytest
from sqlalchemy import select, text

from core.audit.models import AuditEvent
from core.db import platform_connection
from core.errors import BadInput, ChangedMeanwhile, FreshAuthNeeded, NotAllowed, NotFound
from core.gateways.configuring import gateway_configs, remove_keys, set_keys, try_connection
from core.gateways.credentials import keys_of
from core.gateways.models import GatewayCredentials
from core.gateways.port import CredentialsMissing
from core.gateways.registry import gateway_of
from core.resealing import reseal_secrets
from core.secrets import SecretUnreadable, add_key, keys
from core.settings import Settings
from core.work import Office
from tests.billing import JOB, WHY, a_tenant
from tests.builders import a_user, acting

SENTINEL = "sk_test_SENTINEL_do_not_leak_me"
WEBHOOK = "whsec_SENTINEL_do_not_leak_me"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"gateway_simulator": False})


def store(office: Office, tenant_id: int | None = None, key: str = SENTINEL) -> None:
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        set_keys(
            work,
            "stripe",
            {"secret_key": key, "webhook_secret": WEBHOOK},
            "test",
            tenant_id=tenant_id,
            reason=WHY,
        )


def secret(office: Office, tenant_id: int | None = None) -> str | None:
    found = keys_of(office.engine, office.settings, "stripe", tenant_id)
    return found.get("secret_key") if found else None


def test_a_tenants_own_keys_stand_before_the_companys_and_those_before_the_environments(
    office: Office,
) -> None:
    one, other = a_tenant(office), a_tenant(office)
    assert secret(office) is None
    office.settings.stripe_key = "pk_test_x"
    store(office)
    store(office, one.id, "sk_test_own")
    assert (secret(office), secret(office, other.id)) == (SENTINEL, SENTINEL)
    assert secret(office, one.id) == "sk_test_own"
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        remove_keys(work, "stripe", tenant_id=one.id, reason=WHY)
    assert secret(office, one.id) == SENTINEL
    with pytest.raises(CredentialsMissing, match="Payment config"):
        gateway_of(office.settings, "paypal", engine=office.engine)


def test_a_secret_stands_nowhere_in_clear(office: Office) -> None:
    store(office)
    with office.work(JOB) as work:
        row = work.session.scalars(select(GatewayCredentials)).one()
        told = [json.dumps(e.payload) for e in work.session.scalars(select(AuditEvent))]
        dumped = work.session.scalar(
            text("select string_agg(to_jsonb(g)::text, '') from gateway_credentials g")
        )
    everywhere = "".join(
        [
            *told,
            str(dumped),
            repr(row.shown),
            repr(keys_of(office.engine, office.settings, "stripe")),
        ]
    )
    assert "SENTINEL" not in everywhere
    assert row.shown["secret_key"] == "••••k_me"
    gateway = gateway_of(office.settings, "stripe", engine=office.engine)
    assert "SENTINEL" not in repr(vars(gateway).keys())


def test_a_sealed_key_moved_to_another_owner_cannot_be_read(office: Office) -> None:
    tenant = a_tenant(office)
    store(office)
    store(office, tenant.id, "sk_test_own")
    with platform_connection(office.engine) as connection:
        connection.execute(
            text(
                "update gateway_credentials set sealed = (select sealed from gateway_credentials "
                "where tenant_id is null) where tenant_id is not null"
            )
        )
    with pytest.raises(SecretUnreadable):
        secret(office, tenant.id)


def test_the_page_sees_masks_sources_and_addresses(office: Office) -> None:
    tenant = a_tenant(office)
    store(office, tenant.id)
    boss = acting(office, a_user(office, "super_admin"))
    with office.work(boss) as work:
        own = {c.provider: c for c in gateway_configs(office, work, tenant.id)}
        company = {c.provider: c for c in gateway_configs(office, work)}
    assert (own["stripe"].source, company["stripe"].source) == ("own", "none")
    assert own["stripe"].webhook_url.endswith(f"/my-billing/webhook/stripe/{tenant.id}")
    assert company["stripe"].webhook_url.endswith("/my-billing/webhook/stripe")
    assert own["stripe"].shown["secret_key"].startswith("••••")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"secret_key": "pk_test_x"}, "begins with sk_"),
        ({"secret_key": "sk_live_x"}, "no key of the test mode"),
        ({"secret_key": "sk_test_\n"}, "no key of|unusual"),
        ({"secret": "x"}, "has no secret"),
        ({"publishable_key": "pk_test_x"}, "needs its secret key"),
        ({"secret_key": "sk_test_" + "x" * 600}, "too long"),
    ],
)
def test_keys_in_the_wrong_field_are_refused_without_being_shown(
    office: Office, given: dict[str, str], words: str
) -> None:
    boss = acting(office, a_user(office, "super_admin"))
    if given == {"secret_key": "sk_test_\n"}:
        given = {"secret_key": "sk_test_\u00e5"}
    with pytest.raises(BadInput, match=words) as problem, office.work(boss) as work:
        set_keys(work, "stripe", given, "test", reason=WHY)
    assert all(value not in str(problem.value) for value in given.values())
    assert secret(office) is None


def test_who_may_change_keys(office: Office) -> None:
    for role in ("admin", "sys_finance", "cfo", "billing"):
        actor = acting(office, a_user(office, role))
        with pytest.raises(NotAllowed), office.work(actor) as work:
            set_keys(work, "stripe", {"secret_key": SENTINEL}, "test", reason=WHY)
        with pytest.raises(NotAllowed), office.work(actor) as work:
            gateway_configs(office, work)
        with pytest.raises(NotAllowed):
            try_connection(office, actor, "stripe")
    stale = acting(office, a_user(office, "super_admin"), fresh=False)
    with pytest.raises(FreshAuthNeeded), office.work(stale) as work:
        set_keys(work, "stripe", {"secret_key": SENTINEL}, "test", reason=WHY)
    boss = acting(office, a_user(office, "super_admin"))
    with pytest.raises(NotFound), office.work(boss) as work:
        set_keys(work, "stripe", {"secret_key": SENTINEL}, "test", tenant_id=99, reason=WHY)


def test_of_two_who_edit_the_second_is_told(office: Office) -> None:
    store(office)
    boss = acting(office, a_user(office, "super_admin"))
    with pytest.raises(ChangedMeanwhile), office.work(boss) as work:
        set_keys(work, "stripe", {"secret_key": "sk_test_b"}, "test", seen_version=0, reason=WHY)
    with office.work(boss) as work:
        set_keys(work, "stripe", {"secret_key": "sk_test_b"}, "test", seen_version=1, reason=WHY)
    assert secret(office) == "sk_test_b"
    found = keys_of(office.engine, office.settings, "stripe")
    assert found is not None
    assert found.get("webhook_secret") == WEBHOOK


def test_a_new_encryption_key_seals_everything_anew(office: Office) -> None:
    store(office)
    first = next(iter(keys(office.settings)))
    assert add_key(office.settings) != first
    assert secret(office) == SENTINEL
    boss = acting(office, a_user(office, "super_admin"))
    with office.work(boss) as work:
        assert reseal_secrets(work, reason=WHY) == 1
    with office.work(JOB) as work:
        row = work.session.scalars(select(GatewayCredentials)).one()
    newest = next(iter(keys(office.settings)))
    assert all(sealed.startswith(f"{newest}.") for sealed in row.sealed.values())
    assert secret(office) == SENTINEL


def test_the_connection_is_tried_without_a_charge(office: Office) -> None:
    boss = acting(office, a_user(office, "super_admin"))
    with pytest.raises(CredentialsMissing):
        try_connection(office, boss, "stripe")
    office.settings.gateway_simulator = True
    assert "acct_simulator" in try_connection(office, boss, "stripe")
    with platform_connection(office.engine) as connection:
        assert connection.scalar(text("select count(*) from simulator.charges")) == 0
