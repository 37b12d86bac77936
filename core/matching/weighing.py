"""Gathering the invoices a transfer may pay and the facts that speak for each (UNM.2)."""

from core.matching import facts
from core.matching.amounts import Limits, amount_fact
from core.matching.candidates import (
    NEARLY,
    SOMEWHAT,
    Candidate,
    age_of,
    date_facts,
    name_fact,
    with_products,
)
from core.matching.indexes import Indexes, is_open
from core.matching.payers import Payers
from core.matching.reading import Hit, Reading, loosely, month_named, nearly_named
from core.matching.records import VOID, Invoice
from core.matching.sums import covering_sets

MOST_TENANTS, MOST_NAMED = 16, 4
MOST_EXACT = 12
MOST_NEAR = 4
MOST_OTHERS = 4
MOST_SAME_AMOUNT = 8
"""Open invoices over all tenants with the amount; with more, the amount alone finds nobody."""
MOST_LOOSE = 30
MOST_COMPARED = 1_000
"""Invoices of one amount or tenant whose references are compared with a mistyped one."""
MOST_HITS = 16
MOST_OPEN = 3_000
"""Open invoices of one tenant that are looked through."""
RARE, OFTEN = 1, 20
TWIN_DAYS = 90
"""So long around its due date a settled invoice of the same amount may have been paid again."""
OTHER_LEAST, OTHER_MORE = 0.78, 0.08
"""Another tenant's name speaks against this one when it is so alike, and so much more alike."""
_NAMED_WHOLLY = facts.OCR | facts.EXACT


class Weighing:
    """One transfer against the book: who may have paid, and what."""

    __slots__ = (
        "_by_tenant",
        "_faintly",
        "_in_text",
        "_named_found",
        "_often",
        "_paid_in_full",
        "_wanted",
        "_within",
        "amount",
        "currency",
        "indexes",
        "payers",
        "reading",
        "transfer",
    )

    def __init__(self, indexes: Indexes, payers: Payers, within: Limits, reading: Reading) -> None:
        self.indexes, self.payers = indexes, payers
        self.reading, self.transfer = reading, reading.transfer
        self.amount, self.currency = self.transfer.amount_minor, self.transfer.currency
        self._within = within
        self._named_found: tuple[tuple[str, float], ...] | None = None
        self._by_tenant: dict[str, tuple[int, float]] = {}
        self._in_text: list[str] | None = None
        self._faintly: set[str] = set()
        self._often: int | None = None
        self._paid_in_full = any(self._in_full(hit) for hit in reading.hits.values())
        self._wanted = {hit.invoice.tenant_id for hit in reading.hits.values()}

    def candidates(self) -> list[Candidate]:
        """Everything worth weighing; the sure one alone when there is one."""
        sure = self._sure()
        if sure is not None:
            return [sure]
        tenants = self._tenants()
        singles = self._singles(tenants)
        found = [self._single(invoice) for invoice in singles.values()]
        self._compare(found)
        return found + self._sets(tenants, found)

    def _sure(self) -> Candidate | None:
        """The one invoice that is named alone, whole, with its exact amount, by nobody else."""
        hits = self.reading.hits
        if len(hits) != 1:
            return None
        invoice = next(iter(hits.values())).invoice
        if not (
            self._paid_in_full
            and (self._called(invoice.tenant_id) or self._nobody_else(invoice.tenant_id))
        ):
            return None
        found = self._single(invoice)
        found.facts |= facts.ONLY_SUCH | facts.OLDEST | facts.NEAREST
        return found

    def _in_full(self, hit: Hit) -> bool:
        """True for an invoice that is named whole and alone, with exactly what is owed on it."""
        invoice = hit.invoice
        return bool(
            invoice.due_minor == self.amount
            and invoice.currency == self.currency
            and hit.facts & facts.STRONG
            and not hit.facts & (facts.INSIDE | facts.SHARED)
            and is_open(invoice)
        )

    def _called(self, tenant_id: str) -> bool:
        """True when the payer is called like a tenant, and no other is called so exactly."""
        names, core = self.indexes.names, self.reading.core
        bearers = names.bears(core)
        if bearers and bearers != [tenant_id]:
            return False
        like = 1.0 if bearers else names.likeness(tenant_id, core) if core else 0.0
        if like < NEARLY:
            return False
        self._named_found = ((tenant_id, like),)
        return True

    def _nobody_else(self, tenant_id: str) -> bool:
        """True when neither name nor account of the payer are those of another tenant."""
        for other in self.payers.tenants(self.reading.account, self.reading.core):
            if other != tenant_id:
                return False
        return all(key == tenant_id or like < OTHER_LEAST for key, like in self._found())

    def _tenants(self) -> list[str]:
        """Tenants that may have paid: named by a reference, known payers, like names."""
        found = dict.fromkeys(hit.invoice.tenant_id for hit in self.reading.hits.values())
        found.update(dict.fromkeys(self.payers.tenants(self.reading.account, self.reading.core)))
        self._wanted.update(found)
        named = self._found()
        for tenant_id, like in named[:MOST_NAMED]:
            if tenant_id not in found:
                found[tenant_id] = None
                if like < NEARLY:
                    self._faintly.add(tenant_id)
        if not named or named[0][1] < NEARLY:
            found.update(dict.fromkeys(self._within_text()))
        return list(found)[:MOST_TENANTS]

    def _found(self) -> tuple[tuple[str, float], ...]:
        if self._named_found is None:
            self._named_found = self.indexes.names.find(self.reading.core)
        return self._named_found

    def _within_text(self) -> list[str]:
        if self._in_text is None:
            self._in_text = self.indexes.names.within(self.reading.words())
        return self._in_text

    def _singles(self, tenants: list[str]) -> dict[str, Invoice]:
        """Single invoices worth weighing, by id."""
        hits = self.reading.hits
        found = {key: hits[key].invoice for key in sorted(hits)[:MOST_HITS]}
        named = {
            hit.invoice.tenant_id
            for hit in hits.values()
            if hit.facts & facts.STRONG and is_open(hit.invoice)
        }
        for tenant_id in tenants:
            for invoice in self._picked(tenant_id, named=tenant_id in named):
                found[invoice.invoice_id] = invoice
        exact = any(each.due_minor == self.amount and is_open(each) for each in found.values())
        if not (exact and tenants) and not (named and self._is_payer(named)):
            found.update((each.invoice_id, each) for each in self._of_amount())
        if self.reading.long and not self._nearly_sure(found):
            references = self.indexes.references
            for token in self.reading.long:
                near = [*references.completed(token), *references.near(token)]
                found.update((invoice.invoice_id, invoice) for invoice in near)
        return found

    def _nearly_sure(self, found: dict[str, Invoice]) -> bool:
        """True when an invoice is named, or one of the exact amount nearly is."""
        if any(hit.facts & facts.STRONG for hit in self.reading.hits.values()):
            return True
        exact = [each for each in found.values() if each.due_minor == self.amount]
        return any(loosely(self.reading, each)[0] for each in exact)

    def _is_payer(self, tenants: set[str]) -> bool:
        """True when the payer is known to be one of these tenants."""
        return any(self._tenant(tenant_id)[0] & facts.KNOWN_TENANT for tenant_id in tenants)

    def _of_amount(self) -> list[Invoice]:
        """The open invoices of the exact amount over all tenants: few, or with a like reference."""
        same = self.indexes.owing(self.currency, self.amount)
        if len(same) <= MOST_SAME_AMOUNT:
            return same
        if not self.reading.long or len(same) > MOST_COMPARED:
            return []
        return nearly_named(self.reading, same, MOST_SAME_AMOUNT)

    def _picked(self, tenant_id: str, *, named: bool) -> list[Invoice]:
        """Of what a tenant owes: the exact amount, near ones, else those due about now.

        When one of its invoices is `named`, only the exact amount and sums compete with it; only
        the exact amount does when any tenant's invoice is named whole with all that is owed on it.
        """
        amount, currency = self.amount, self.currency
        exact, near, others = [], [], []
        for invoice in self.indexes.open_of(tenant_id)[:MOST_OPEN]:
            if invoice.currency != currency:
                continue
            due = invoice.due_minor
            if due == amount:
                exact.append(invoice)
            elif abs(due - amount) * 20 <= due:
                near.append(invoice)
            else:
                others.append(invoice)
        closed = [
            invoice
            for invoice in self.indexes.closed_of(tenant_id)
            if invoice.due_minor == amount and invoice.currency == currency
        ]
        if len(exact) > 1:
            exact.sort(key=self._from_due)
        picked = exact[:MOST_EXACT] + sorted(closed, key=self._from_due)[:1]
        if self._paid_in_full or (named and not self.reading.long):
            return picked
        picked += sorted(near, key=self._from_due)[:MOST_NEAR]
        if not exact and others and tenant_id not in self._faintly:
            picked += self._about_now(others)
        return picked

    def _about_now(self, others: list[Invoice]) -> list[Invoice]:
        """Of invoices of other amounts those due about now, the oldest, and those nearly named."""
        others = sorted(others, key=self._from_due)
        picked = [*others[:MOST_OTHERS], min(others, key=age_of)]
        long = self.reading.long
        if (long or self.reading.few) and len(others) <= MOST_LOOSE:
            picked += [each for each in others if loosely(self.reading, each)[0]][:MOST_NEAR]
        elif long:
            picked += nearly_named(self.reading, others, MOST_NEAR)
        return picked

    def _from_due(self, invoice: Invoice) -> tuple[int, str]:
        if invoice.due_on is None:
            return 10_000, invoice.invoice_id
        return abs((self.transfer.booked_on - invoice.due_on).days), invoice.invoice_id

    def _single(self, invoice: Invoice) -> Candidate:
        """One invoice with all its facts but those that compare it to others."""
        hit = self.reading.hits.get(invoice.invoice_id)
        if hit is not None:
            found, token = hit.facts, hit.token
        else:
            found, token = loosely(self.reading, invoice)
            found |= facts.UNKNOWN if not found and self.reading.unknown else 0
        found |= self._others((invoice.invoice_id,)) if len(self.reading.hits) > bool(hit) else 0
        if not is_open(invoice):
            found |= facts.VOID if invoice.status in VOID else facts.CLOSED
        found |= self._amount(invoice) | date_facts(self.transfer.booked_on, invoice)
        of_tenant, like = self._tenant(invoice.tenant_id)
        found |= of_tenant
        if hit is None and self.reading.months and month_named(self.reading, invoice):
            found |= facts.MONTH_NAMED
        return Candidate((invoice,), with_products(found), token, like)

    def _others(self, mine: tuple[str, ...]) -> int:
        """Facts about other invoices that the transfer names strongly."""
        found = 0
        for key, hit in self.reading.hits.items():
            if key not in mine and hit.facts & facts.STRONG:
                found |= facts.OTHER if is_open(hit.invoice) else facts.OTHER_CLOSED
        return found

    def _amount(self, invoice: Invoice) -> int:
        if invoice.currency != self.currency:
            return facts.FOREIGN
        if invoice.due_minor != self.amount:
            return amount_fact(self.amount, invoice.due_minor, self._within)
        if self._often is None:
            owing = len(self.indexes.owing(self.currency, self.amount))
            self._often = facts.RARE if owing <= RARE else facts.COMMON if owing > OFTEN else 0
        return facts.EXACT | self._often

    def _tenant(self, tenant_id: str) -> tuple[int, float]:
        """Facts about payer and tenant, and how alike their names are."""
        known = self._by_tenant.get(tenant_id)
        if known is None:
            found = self.payers.facts(self.reading.account, self.reading.core, tenant_id)
            found |= facts.DECLINED if self.payers.declined(self.transfer, tenant_id) else 0
            named, like = self._name(tenant_id)
            known = self._by_tenant[tenant_id] = (found | named, like)
        return known

    def _name(self, tenant_id: str) -> tuple[int, float]:
        names, core = self.indexes.names, self.reading.core
        found, like = 0, 0.0
        if core:
            found_names = self._found()
            like, rival = -1.0, 0.0
            for key, share in found_names:
                if key == tenant_id:
                    like = share
                elif not rival:
                    rival = share
            if like < 0:
                like = names.likeness(tenant_id, core) if tenant_id in self._wanted else 0.0
            if rival >= OTHER_LEAST and rival >= like + OTHER_MORE:
                found |= facts.OTHER_NAME
            elif rival >= like - 0.03 and like >= SOMEWHAT:
                found |= facts.SHARED_NAME
            found |= name_fact(like)
        if like < NEARLY and tenant_id in self._within_text():
            found |= facts.IN_TEXT
        return found, like

    def _compare(self, candidates: list[Candidate]) -> None:
        """Add the facts that compare single invoices of one tenant and kind of amount."""
        groups: dict[tuple[str, int], list[Candidate]] = {}
        for each in candidates:
            kind = each.facts & (facts.AMOUNT_KINDS | facts.CLOSED | facts.VOID)
            groups.setdefault((each.invoices[0].tenant_id, kind), []).append(each)
        for (tenant_id, kind), group in groups.items():
            if len(group) == 1:
                only = facts.ONLY_SUCH if kind == facts.EXACT else 0
                group[0].facts |= facts.OLDEST | facts.NEAREST | only
            else:
                min(group, key=lambda each: age_of(each.invoices[0])).facts |= facts.OLDEST
                nearest = min(group, key=lambda each: self._from_due(each.invoices[0]))
                nearest.facts |= facts.NEAREST
            twins = groups.get((tenant_id, facts.EXACT | facts.CLOSED), ())
            for twin in twins if kind == facts.EXACT else ():
                from_due = self._from_due(twin.invoices[0])[0]
                for each in group:
                    within = max(self._from_due(each.invoices[0])[0] + 3, TWIN_DAYS)
                    if from_due <= within and not each.facts & facts.STRONG:
                        each.facts |= facts.PAID_TWIN

    def _sets(self, tenants: list[str], singles: list[Candidate]) -> list[Candidate]:
        """Several invoices of one tenant: those named together, and those that add up."""
        exact = {each.invoices[0].tenant_id for each in singles if each.facts & facts.EXACT}
        hits = self.reading.hits.values()
        if len(hits) == 1 and any(each.facts & _NAMED_WHOLLY == _NAMED_WHOLLY for each in singles):
            return []
        found: dict[tuple[str, ...], Candidate] = {}
        for tenant_id in tenants:
            open_ = self._payable(tenant_id)
            named = [hit for hit in hits if hit.invoice in open_] if hits and len(open_) > 1 else []
            if len(named) > 1:
                self._add_set(found, tuple(hit.invoice for hit in named), 0, open_)
            known = self._tenant(tenant_id)[0] & (facts.KNOWN_TENANT | facts.LIKE_NAME)
            if (known or named) and len(open_) > 1 and (tenant_id not in exact or len(named) > 1):
                self._add_sums(found, open_)
        return list(found.values())

    def _payable(self, tenant_id: str) -> list[Invoice]:
        open_ = self.indexes.open_of(tenant_id)[:MOST_OPEN]
        return [invoice for invoice in open_ if invoice.currency == self.currency]

    def _add_sums(self, found: dict[tuple[str, ...], Candidate], open_: list[Invoice]) -> None:
        for covering in covering_sets(self.amount, open_):
            extra = 0 if covering.alone else facts.SEVERAL_SETS
            extra |= facts.OLDEST_SET if covering.oldest else 0
            self._add_set(found, covering.invoices, extra, open_)

    def _add_set(
        self,
        found: dict[tuple[str, ...], Candidate],
        invoices: tuple[Invoice, ...],
        extra: int,
        open_: list[Invoice],
    ) -> None:
        ordered = tuple(sorted(invoices, key=age_of))
        ids = tuple(each.invoice_id for each in ordered)
        if ids in found:
            found[ids].facts |= extra
            return
        total = sum(each.due_minor for each in ordered)
        hits = [hit for key in ids if (hit := self.reading.hits.get(key))]
        known = amount_fact(self.amount, total, self._within) | extra
        known |= facts.TWO if len(ordered) == 2 else facts.MANY
        known |= facts.ALL_OPEN if len(ordered) == len(open_) else 0
        if hits:
            known |= facts.ALL_NAMED if len(hits) == len(ids) else facts.SOME_NAMED
        known |= self._others(ids) if self.reading.hits else 0
        of_tenant, like = self._tenant(ordered[0].tenant_id)
        token = ", ".join(hit.token for hit in hits)
        found[ids] = Candidate(ordered, with_products(known | of_tenant), token, like)
