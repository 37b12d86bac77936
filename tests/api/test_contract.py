"""The description is whole, the docs list every route, and each route asks for what they say."""

import io
import re
from typing import Any

import pytest
from fastapi.openapi.models import OpenAPI
from pypdf import PdfReader
from starlette.testclient import TestClient

from api.app import BOTH, TAGS, api
from api.errors import MEANINGS
from api.shapes import Body
from core.access.permissions import PERMISSIONS, TENANT_SIDE, effective
from core.settings import ROOT
from core.work import Office
from tests.api.conftest import Keys
from tests.billing import a_subscription, a_tenant, the_plans

SYS = "/sys/subscriptions"
ROW = re.compile(r"^\| ([A-Z]+) \| `(/\S+)` \| .+? \| (–|`.+`) \| (yes|no) \|$", re.M)
TABLE = ROW.findall((ROOT / "docs/api.md").read_text())
DESCRIBED = api.openapi()
OPERATIONS = {
    (method.upper(), path): operation
    for path, methods in DESCRIBED["paths"].items()
    for method, operation in methods.items()
}
PRICE = {"cycle": "monthly", "currency": "EUR", "amount_minor": 100, "valid_from": "2027-01-01"}
EVENT = {"event_id": "e1", "meter": "max_users", "occurred_at": "2026-11-20T12:00:00Z"}
FACTS = {"name": "Tiny"}
BODIES: dict[str, dict[str, Any]] = {
    "/sys/users/{user_id}/totp/reset": {"reason": "for the test"},
    "/v1/me/totp": {"ticket": "k1.x.y", "code": "123456"},
    "/v1/me/password": {"password": "a long new password"},
    "/sys/import/stripe": {"reason": "for the test"},
    "/v1/usage": {**EVENT, "tenant_id": 1},
    "/v1/usage/batch": {"events": [{**EVENT, "tenant_id": 1}]},
    "/v1/usage/consume": {"limit": "max_users", "event_id": "e2", "tenant_id": 1},
    "/admin/billing/plans": {**FACTS, "slug": "tiny", "prices": []},
    "/admin/billing/plans/{plan_id}": {"before": FACTS, "after": {"name": "Small"}},
    "/admin/billing/plans/{plan_id}/toggle": {"is_active": True},
    "/admin/billing/plans/{plan_id}/prices": PRICE,
    "/admin/billing/plans/{plan_id}/usage-prices": {
        "meter": "max_users",
        "currency": "EUR",
        "tiers": [{"unit_minor": 1}],
    },
    "/sys/tenants": {"name": "Fjord AB", "currency": "SEK"},
    "/v1/usage/meters": {"name": "labels_printed", "aggregation": "sum"},
    "/admin/jobs/{name}/run": {"reason": "for the test"},
    "schedule": {"enabled": True, "reason": "for the test"},
    "/sys/users": {
        "email": "new@example.com",
        "name": "New",
        "password": "a long first password",
        "reason": "for the test",
    },
    "disable": {"reason": "for the test"},
    "roles": {"role": "cfo", "reason": "for the test"},
    "permissions": {"permission": "billing.read", "reason": "for the test"},
    "revoke": {"reason": "for the test"},
    "/sys/api-keys": {"name": "K", "permissions": ["billing.read"], "reason": "for the test"},
    "pay-from-wallet": {"reason": "for the test"},
    "/sys/invoices/platform-fees": {
        "month": "2026-10-01",
        "fees": [{"tenant_id": 1, "sales_minor": 500, "fee_minor": 5}],
    },
    "credit": {"amount_minor": 1, "reason": "for the test"},
    "debit": {"amount_minor": 1, "reason": "for the test"},
    "recharge": {"amount_minor": 1, "reference_id": "B-1", "reason": "for the test"},
    "/subscriptions/{subscription_id}/status": {"status": "suspended", "reason": "for the test"},
    SYS: {"tenant_id": 1, "plan_id": 1, "cycle": "monthly", "collection": "send_invoice"},
    "/sys/invoices": {"tenant_id": 1, "lines": [{"description": "Work", "unit_minor": 100}]},
    "/sys/invoices/{invoice_id}": {"lines": [{"description": "Work", "unit_minor": 100}]},
    "/sys/payments": {
        "tenant_id": 1,
        "amount_minor": 5,
        "currency": "EUR",
        "method": "bank_transfer",
    },
    "/payments": {"tenant_id": 1, "amount_minor": 5, "currency": "EUR", "method": "cash"},
    "/sys/payments/{payment_id}/refund/preview": {"amount_minor": 5},
    "/sys/credit-notes": {"invoice_id": 1},
    "assign": {"invoices": [{"invoice_id": 1}], "reason": "for the test"},
    "ignore": {"reason": "for the test"},
    "undo": {"reason": "for the test"},
    "/sys/payments/unmatched/undo": {"transfers": [1], "reason": "for the test"},
    "unassign": {"reason": "for the test"},
    "not-theirs": {"tenant_id": 1},
    "on": {"trial_id": 1, "reason": "for the test"},
    "off": {"reason": "for the test"},
    "recalibrate": {"reason": "for the test"},
    "send": {},
    "void": {"reason": "for the test"},
    "mark-paid": {"method": "cash"},
    "write-off": {"reason": "for the test"},
    "recover": {"payment_id": 1, "reason": "for the test"},
    "apply": {"parts": [{"invoice_id": 1, "amount_minor": 5}]},
    "reverse": {"reason": "for the test"},
    "refund": {"amount_minor": 5, "reason": "for the test"},
    "approve": {"reason": "for the test"},
    "decline": {"reason": "for the test"},
    "change-plan": {"plan_id": 1},
    "pause": {"until": "2026-12-01"},
    "resume": {},
    "remind": {},
    "ladder": {"stages": [{"after_days": 1, "effect": "remind"}]},
    "suspend": {"reason": "for the test"},
    "override": {"override_path": "freeze"},
    "cancel": {"reason_code": "other"},
    "extend-trial": {"days": 1},
    "auto-renew": {"auto_renew": False},
    "collection": {"collection": "send_invoice"},
    "items": {"name": "Extra", "unit_minor": 1},
    "remove": {},
    "/my-billing/notifications/read": {},
    "/my-billing/auto-renew": {"subscription_id": 1, "auto_renew": False},
    "/my-billing/channels/{channel}": {"enabled": True},
    "/my-billing/webhooks": {"url": "https://hooks.example.com/"},
    "/sys/channels/{channel}": {"enabled": True, "reason": "for the test"},
    "/sys/tenants/{tenant_id}/channels/{channel}": {"enabled": True, "reason": "for the test"},
    "webhooks": {"url": "https://hooks.example.com/", "reason": "for the test"},
    "redeliver": {"reason": "for the test"},
    "test": {},
    "rotate": {"reason": "for the test"},
    "/sys/webhooks/{endpoint_id}/remove": {"reason": "for the test"},
    "/sys/tenants/{tenant_id}/webhooks/{endpoint_id}/remove": {"reason": "for the test"},
    "/my-billing/webhooks/{endpoint_id}/rotate": {},
    "/my-billing/recharge": {"provider": "stripe", "amount_minor": 100, "currency": "EUR"},
    "/sys/payment-config/{provider}": {"keys": {}, "mode": "test", "reason": "for the test"},
    "/sys/payment-config/{provider}/remove": {"reason": "for the test"},
    "/sys/payment-config/reseal": {"reason": "for the test"},
    "/sys/analytics/sql": {"sql": "select 1"},
    "/sys/analytics/queries": {"role": "analyst", "name": "One", "sql": "select 1"},
    "/sys/analytics/queries/{query_id}": {"name": "One", "sql": "select 1"},
    "replay": {"reason": "for the test"},
    "{month}": {"reason": "for the test"},
    "reopen": {"reason": "for the test"},
    "refresh": {"job": "reconcile", "reason": "for the test"},
    "explain": {"item": "inbox", "finding": "as seen", "reason": "for the test"},
    "decisions": {
        "decision": "ignored",
        "differences": [
            {"provider": "stripe", "kind": "charge", "reference": "ch_1", "difference_minor": 1}
        ],
        "reason": "for the test",
    },
}
RAW = ("/sys/bank/files", "/sys/import/csv/{kind}")
"""Addresses that take a file as it is."""
PUBLIC = {
    "/v1/plans": 200,
    "/v1/billing/webhook": 400,
    "/my-billing/webhook/{provider}": 422,
    "/my-billing/webhook/{provider}/{tenant_id}": 422,
    "/my-billing/callback/{reference}": 404,
}
"""What answers without a caller, and how it answers to this test's request."""
LISTS = [("GET", f"/sys/{name}") for name in BOTH if name != "wallets"] + [
    ("GET", f"{SYS}/renewals"),
    ("GET", "/sys/payments/disputes"),
]
"""Lists of which a tenant's caller gets its own."""
FILES = ("/sys/invoices.csv", "/sys/invoices.pdf", "/sys/payments.csv", "/sys/payments.pdf")
"""The same lists as files."""
WINDOW = "from=2026-01-01&to=2026-12-31"
QUERIES = {
    **{
        f"/sys/billing/{name}{kind}": WINDOW
        for name in ("churn", "platform-fees", "revenue-schedule")
        for kind in ("", ".csv")
    },
    **{
        f"/{place}/billing/reconciliation{kind}": WINDOW
        for place in ("sys", "admin")
        for kind in ("", ".csv")
    },
    **{
        f"/{mount}/billing/{name}{kind}": f"{WINDOW}&month=2026-10-01"
        for mount in ("sys", "admin")
        for name in ("metrics", "movements", "cohorts")
        for kind in ("", ".csv")
    },
    **{f"/{place}/billing/journal": WINDOW for place in ("sys", "admin")},
    "/v1/usage": "tenant_id=1",
    "/v1/usage/check": "tenant_id=1&limit=max_users",
}


def admin(path: str) -> str | None:
    """The second address of a route that stands at both."""
    name = path.split("/")[2] if path.startswith("/sys/") else ""
    return path.replace("/sys/", "/admin/billing/") if name in BOTH and "/pdf" not in path else None


SECOND = {second: path for _, path in OPERATIONS if (second := admin(path))}
SUBSCRIBES = "saas.subscriptions.manage"
"""Who holds it may read subscriptions too."""
OWN = "/my-billing/"
"""Addresses of the caller's own organisation; the inbox there is a person's, which no key is."""
INBOX = f"{OWN}notifications"


def body_of(path: str) -> dict[str, Any]:
    plain = SECOND.get(path, path)
    short = plain.removesuffix("/preview").rsplit("/", 1)[-1]
    found = BODIES.get(plain) or BODIES.get(plain.removesuffix("/preview")) or BODIES.get(short)
    return found or {}


def ask(client: TestClient, method: str, path: str, headers: dict[str, str]) -> Any:
    url = re.sub(r"{\w+}", "1", path.replace("{month}", "2026-10"))
    if method == "GET":
        return client.get(f"{url}?{QUERIES.get(path, '')}", headers=headers)
    if path in RAW:
        return client.request(
            method, url, content=b"no file", headers={**headers, "X-Saldo-Request": "1"}
        )
    return client.request(method, url, json=body_of(path), headers=headers)


def printed(answer: Any) -> str:
    """How many rows a document says it has."""
    found = re.search(r"\d+ rows", PdfReader(io.BytesIO(answer.content)).pages[0].extract_text())
    assert found
    return found[0]


def test_the_docs_list_every_route_and_no_other() -> None:
    listed = {(method, path) for method, path, _, _ in TABLE}
    twice = {(method, second) for method, path in listed if (second := admin(path))}
    assert len(listed) == len(TABLE)
    assert listed | twice == set(OPERATIONS)


@pytest.mark.parametrize("route", OPERATIONS, ids=" ".join)
def test_every_route_is_described_with_its_refusals(route: tuple[str, str]) -> None:
    operation = OPERATIONS[route]
    assert operation["summary"]
    assert operation["description"]
    assert set(operation["tags"]) <= {tag["name"] for tag in TAGS}
    answers = operation["responses"]
    assert {"401", "403", "422", "503"} <= set(answers)
    for status, answer in answers.items():
        assert answer["description"]
        if int(status) in MEANINGS:
            schema = answer["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Refusal"}
    if route[1] not in PUBLIC:
        assert {"API key": []} in operation["security"]


def test_the_description_is_valid_and_its_names_resolve() -> None:
    OpenAPI.model_validate(DESCRIBED)
    assert DESCRIBED["openapi"].startswith("3.1")
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    pointed = set(re.findall(r"#/components/schemas/([\w.-]+)", str(DESCRIBED)))
    assert pointed <= set(DESCRIBED["components"]["schemas"])


def test_bodies_refuse_what_they_do_not_know() -> None:
    schemas = DESCRIBED["components"]["schemas"]
    bodies = {name for name in schemas if name.endswith("Body")}
    assert len(bodies) > 15
    assert all(schemas[name]["additionalProperties"] is False for name in bodies)


def test_every_body_with_required_fields_shows_an_example_that_fits() -> None:
    asked = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
        for (_, path), operation in OPERATIONS.items()
        if "requestBody" in operation and path not in RAW
    }
    shown = {kind.__name__: kind for kind in _below(Body)}
    for name in asked:
        schema = DESCRIBED["components"]["schemas"][name]
        assert schema.get("examples") or not schema.get("required"), name
        for given in schema.get("examples", []):
            shown[name].model_validate(given)


def _below(kind: type[Body]) -> list[type[Body]]:
    return [each for inner in kind.__subclasses__() for each in (inner, *_below(inner))]


def test_there_is_no_page_that_would_load_from_elsewhere(api: TestClient) -> None:
    for path in ("/docs", "/redoc", "/v1/docs"):
        assert api.get(path).status_code == 404


def test_only_public_routes_answer_without_a_caller(api: TestClient) -> None:
    for method, path in OPERATIONS:
        expected = PUBLIC.get(path, 401)
        assert ask(api, method, path, {}).status_code == expected, (method, path)


def test_each_route_asks_for_the_permission_and_freshness_of_the_docs(
    office: Office, api: TestClient, program: Keys
) -> None:
    plans = the_plans(office)
    tenant = a_tenant(office)
    a_subscription(office, tenant, plans["growth"])
    assert tenant.id == 1
    platform = [name for name in PERMISSIONS if name not in TENANT_SIDE]
    for method, path, needs, fresh in TABLE:
        if needs == "–":
            continue
        needed = re.findall(r"`([\w.]+)`", needs)[0]
        others = [name for name in platform if needed not in effective({name})]
        if needed == "billing.read":
            others = [name for name in others if SUBSCRIBES not in effective({name})]
        lacking = ask(api, method, path, program(*others))
        assert (lacking.status_code, lacking.json()["code"]) == (403, "not_allowed"), path
        if path.startswith(INBOX):
            continue
        own = tenant.id if path.startswith(OWN) else None
        held = ask(api, method, path, program(needed, tenant_id=own))
        stale = held.status_code == 403 and held.json()["code"] == "fresh_auth_needed"
        assert stale == (fresh == "yes"), (method, path, held.text)
        assert stale or held.status_code not in (401, 403, 422), (method, path, held.text)


def test_a_body_that_needs_nothing_may_be_left_out() -> None:
    schemas = DESCRIBED["components"]["schemas"]
    for (method, path), operation in OPERATIONS.items():
        body = operation.get("requestBody", {})
        named = body.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref")
        needed = schemas[named.rpartition("/")[2]].get("required") if named else True
        assert needed or not body.get("required"), (method, path)


def test_a_tenants_key_reaches_another_tenants_data_by_no_route(
    office: Office, api: TestClient, program: Keys
) -> None:
    a_subscription(office, a_tenant(office), the_plans(office)["growth"])
    stranger = program(*TENANT_SIDE, tenant_id=a_tenant(office).id)
    for method, path in OPERATIONS:
        if path in PUBLIC or path.startswith(OWN):
            continue
        answer = ask(api, method, path, stranger)
        if (method, SECOND.get(path, path)) in LISTS:
            assert answer.json()["count"] == 0
        elif path in FILES:
            rows = answer.text.splitlines()[1:] if path.endswith(".csv") else printed(answer)
            assert rows in ([], "0 rows"), path
        elif (method, path) == ("GET", "/sys/tenants"):
            assert [row["id"] for row in answer.json()["rows"]] == [2]
        else:
            assert answer.status_code in (403, 404), (method, path, answer.text)
