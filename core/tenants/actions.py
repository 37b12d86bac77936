"""Writes on tenants."""

import re
from dataclasses import dataclass
from datetime import date

from core.actions import action
from core.errors import BadInput
from core.tenants.models import Tenant
from core.work import Work


@dataclass(frozen=True)
class NewTenant:
    """What is known of an organisation when it signs up."""

    name: str
    country: str | None
    currency: str
    language: str = "en"
    billing_email: str | None = None
    tax_id: str | None = None
    external_id: str | None = None


@action("tenant.created", needs="saas.subscriptions.manage", system=True)
def create_tenant(
    work: Work, new: NewTenant, *, signed_up_on: date | None = None, key: str | None = None
) -> Tenant:
    """An organisation on the platform; it signed up today unless a day is given.

    Raises BadInput on an empty name, or a country or currency that is no ISO code.
    """
    if not new.name.strip():
        raise BadInput("A tenant has a name")
    if new.country is not None and not re.fullmatch(r"[A-Z]{2}", new.country):
        raise BadInput(f"{new.country!r} is not an ISO 3166 country")
    if not re.fullmatch(r"[A-Z]{3}", new.currency):
        raise BadInput(f"{new.currency!r} is not an ISO 4217 currency")
    tenant = Tenant(
        name=new.name.strip(),
        country=new.country,
        currency=new.currency,
        language=new.language,
        billing_email=new.billing_email,
        tax_id=new.tax_id,
        external_id=new.external_id,
        signed_up_on=signed_up_on or work.today,
        created_at=work.now,
    )
    work.session.add(tenant)
    work.session.flush()
    work.tell(tenant_id=tenant.id, country=tenant.country, currency=tenant.currency)
    return tenant
