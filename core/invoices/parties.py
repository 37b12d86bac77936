"""Who issues a document and who is billed, kept as they were on its day (INV.4)."""

import hashlib
import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.invoices.models import IssuerProfile
from core.settings import Settings
from core.tenants.models import Tenant
from core.work import Work

DETAILS = (
    "name",
    "address",
    "tax_id",
    "registration",
    "email",
    "website",
    "bankgiro",
    "iban",
    "bic",
)
"""What a document says of its issuer; each is a setting `SALDO_COMPANY_…`."""


def issuer_details(settings: Settings) -> dict[str, str]:
    """The issuer as the settings name it now; empty texts are left out."""
    named = {name: str(getattr(settings, f"company_{name}")) for name in DETAILS}
    # An environment variable holds no line break, so an address spells it out.
    return {name: value.replace("\\n", "\n") for name, value in named.items() if value}


def issuer_profile_id(work: Work) -> int:
    """The version of the issuer that is in force; a change of the settings makes a new one."""
    details = issuer_details(work.settings)
    spelled = json.dumps(details, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(spelled.encode()).hexdigest()
    known = work.session.scalar(select(IssuerProfile.id).where(IssuerProfile.digest == digest))
    if known is None:
        row = {"digest": digest, "details": details, "created_at": work.now}
        work.session.execute(insert(IssuerProfile).values(row).on_conflict_do_nothing())
        found = select(IssuerProfile.id).where(IssuerProfile.digest == digest)
        known = work.session.scalars(found).one()
    return known


def billed_to(work: Work, tenant_id: int) -> dict[str, Any]:
    """The customer as its documents of today name it; what is not known is left out."""
    tenant = work.session.get_one(Tenant, tenant_id)
    said = {
        "name": tenant.name,
        "address": tenant.billing_address,
        "country": tenant.country,
        "tax_id": tenant.tax_id,
        "language": tenant.language,
        "email": tenant.billing_email,
    }
    return {name: value for name, value in said.items() if value}
