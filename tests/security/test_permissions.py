"""Every action as every role, against the permission table of the documentation."""

import importlib
import inspect
import pkgutil
import re
import sys
from typing import Any

import pytest

import core
from core import actions
from core.access.authority import Actor, system
from core.access.permissions import ROLES, SIGNED_IN, effective
from core.actions import REGISTRY, ActionSpec
from core.errors import FreshAuthNeeded, NotAllowed, ReasonNeeded
from core.settings import ROOT
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import WHY
from tests.builders import a_user, acting

for _module in pkgutil.walk_packages(core.__path__, "core."):
    importlib.import_module(_module.name)

LET_IN = object()
"""What an action answers here instead of being carried out."""
PAGE = (ROOT / "docs" / "permissions.md").read_text()
GRANTED = {
    role: effective(set(re.findall(r"`([\w.]+)`", granted)))
    for role, granted in re.findall(r"^\| `(\w+)` \| (none|`.+`) \|$", PAGE, re.M)
}
"""What each role may do by the documentation, supersets unfolded."""
NEEDED = dict(re.findall(r"^\| `([\w.]+)` \| (?:`([\w.]+)`|–) \| (?:yes|no) \|", PAGE, re.M))
"""What each action needs by the documentation, nothing for those of jobs."""


@pytest.fixture(autouse=True)
def _carried_out_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "_once", lambda *_given: LET_IN)


def ask(office: Office, actor: Actor, spec: ActionSpec, reason: str = WHY) -> Any:
    """Ask for an action whose every argument is nothing."""
    asked = getattr(sys.modules[spec.function.__module__], spec.function.__name__)
    given = {
        name: reason if name == "reason" else None
        for name in list(inspect.signature(spec.function).parameters)[1:]
    }
    with office.work(actor) as work:
        try:
            return asked(work, **given)
        except (NotAllowed, FreshAuthNeeded, ReasonNeeded) as refusal:
            return type(refusal)


def somebody(office: Office, role: str, *, fresh: bool = True) -> Actor:
    """A person with one role, of a tenant if the role is a tenant's."""
    tenant_id = None
    if role.startswith("org_"):
        with office.work(system("test")) as work:
            tenant = Tenant(name="A", currency="SEK", created_at=work.now)
            work.session.add(tenant)
            work.session.flush()
            tenant_id = tenant.id
    return acting(office, a_user(office, role, tenant_id=tenant_id), fresh=fresh)


def test_the_documentation_names_every_role_and_action() -> None:
    """ASVS 8.1.1: who may do what is written down, whole."""
    assert GRANTED.keys() == ROLES.keys()
    assert NEEDED.keys() == REGISTRY.keys()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_the_table_says_and_nothing_else(office: Office, role: str) -> None:
    """ASVS 8.2.1, 8.3.1: each action of the register is asked for and let in or refused."""
    actor = somebody(office, role)
    held = GRANTED[role] | {SIGNED_IN}
    expected = {name: LET_IN if need in held else NotAllowed for name, need in NEEDED.items()}
    assert {name: ask(office, actor, spec) for name, spec in REGISTRY.items()} == expected


def test_what_wants_a_fresh_sign_in_or_a_reason_does_so_of_everybody(office: Office) -> None:
    """ASVS 7.5.3: also of who may do everything."""
    stale, fresh = (somebody(office, "super_admin", fresh=given) for given in (False, True))
    for name, spec in REGISTRY.items():
        if spec.needs is None:
            continue
        assert (ask(office, stale, spec) is FreshAuthNeeded) == spec.fresh, name
        assert (ask(office, fresh, spec, "too short") is ReasonNeeded) == spec.reason, name


def test_a_job_does_what_is_declared_for_jobs_and_nothing_else(office: Office) -> None:
    """ASVS 8.2.1: the system passes for nobody where a person is to decide."""
    for name, spec in REGISTRY.items():
        expected = LET_IN if spec.system else NotAllowed
        assert ask(office, system("test"), spec) is expected, name
