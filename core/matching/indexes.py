"""The invoices of a book and the ways to find them: reference, tenant, amount (UNM.2)."""

from collections.abc import Iterator

from core.matching.names import Names
from core.matching.records import OPEN, Invoice
from core.matching.references import References

DRAFT = "draft"


class Tenant:
    """A tenant's invoices, apart by whether money is still owed."""

    __slots__ = ("closed", "open")

    def __init__(self) -> None:
        self.open: list[Invoice] = []
        self.closed: list[Invoice] = []


class Indexes:
    """Every invoice once, with its keys; drafts are known by id alone."""

    def __init__(self) -> None:
        self.references = References()
        self.names = Names()
        self._invoices: dict[str, Invoice] = {}
        self._tenants: dict[str, Tenant] = {}
        self._owed: dict[str, dict[int, Invoice | list[Invoice]]] = {}

    def __iter__(self) -> Iterator[Invoice]:
        return iter(self._invoices.values())

    def __len__(self) -> int:
        return len(self._invoices)

    def put(self, invoice: Invoice) -> None:
        """Add an invoice, or replace what was known of it."""
        before = self._invoices.get(invoice.invoice_id)
        if before is not None:
            self._remove(before)
        self._invoices[invoice.invoice_id] = invoice
        if invoice.status == DRAFT:
            return
        self.references.put(invoice)
        self.names.put(invoice.tenant_id, invoice.tenant_name)
        tenant = self._tenants.get(invoice.tenant_id)
        if tenant is None:
            tenant = self._tenants[invoice.tenant_id] = Tenant()
        if not is_open(invoice):
            tenant.closed.append(invoice)
            return
        tenant.open.append(invoice)
        owed = self._owed.setdefault(invoice.currency, {})
        known = owed.get(invoice.due_minor)
        if known is None:
            owed[invoice.due_minor] = invoice
        elif isinstance(known, Invoice):
            owed[invoice.due_minor] = [known, invoice]
        else:
            known.append(invoice)

    def open_of(self, tenant_id: str) -> list[Invoice]:
        """What a tenant still owes, in any currency."""
        tenant = self._tenants.get(tenant_id)
        return tenant.open if tenant else []

    def closed_of(self, tenant_id: str) -> list[Invoice]:
        """A tenant's closed invoices."""
        tenant = self._tenants.get(tenant_id)
        return tenant.closed if tenant else []

    def owing(self, currency: str, amount_minor: int) -> list[Invoice]:
        """The open invoices on which exactly this is owed; not to be changed."""
        known = self._owed.get(currency, {}).get(amount_minor)
        if known is None:
            return []
        return [known] if isinstance(known, Invoice) else known

    def _remove(self, invoice: Invoice) -> None:
        if invoice.status == DRAFT:
            return
        self.references.remove(invoice)
        tenant = self._tenants[invoice.tenant_id]
        if not is_open(invoice):
            tenant.closed.remove(invoice)
            return
        tenant.open.remove(invoice)
        owed = self._owed[invoice.currency]
        known = owed[invoice.due_minor]
        if isinstance(known, Invoice):
            del owed[invoice.due_minor]
        else:
            known.remove(invoice)


def is_open(invoice: Invoice) -> bool:
    """True while money is owed on an invoice."""
    return invoice.status in OPEN and invoice.due_minor > 0
