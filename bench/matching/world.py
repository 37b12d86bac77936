"""A made-up company for the matching: tenants, their accounts, invoices numbered in any way."""

import random
import string
from dataclasses import dataclass, field
from datetime import date, timedelta

from stdnum import luhn

from core.invoices.rules import ocr_reference
from core.matching.records import Assignment, Invoice, Transfer

TODAY = date(2026, 11, 1)
_FIRST = (
    "Nordic,Åkeri,Björk,Söder,Väst,Polar,Alpha,Blue,Green,Silver,Eagle,Baltic,Øresund,Fjord,Müller,"
    "Schäfer,König,Becker,Lindqvist,Andersson,Nilsson,Virtanen,Korhonen,Hansen,Sørensen,Dupont,"
    "Lefèvre,Moreau,García,Muñoz,Rossi,Ferrari,Kowalski,Novák,Smith,Jones,Taylor,Bright,Rapid,"
    "Urban,Delta,Omega,Prime,Core,Pixel,Quantum,Vertex,Zenith,Harbor,Summit,Cedar,Maple,Oak,Iron,"
    "Stone,River,Lake,Forest,Sun,Moon,Star,Cloud,Data,Cyber,Smart,Fresh,Pure,Royal,Grand,Metro"
)
FIRST = _FIRST.split(",")
_SECOND = (
    "Logistik,Transport,Bygg,Konsult,Systems,Solutions,Software,Labs,Media,Design,Studio,Foods,"
    "Energi,Energy,Mark,Fastigheter,Immobilien,Handel,Trading,Shipping,Freight,Cargo,Express,"
    "Services,Partners,Consulting,Technologies,Teknik,Elektro,Maschinenbau,Bau,Pharma,Medical,"
    "Care,Dental,Travel,Resor,Hotel,Restaurang,Bageri,Mode,Sport,Fitness,Academy,Education,"
    "Robotics,Analytics,Security,Networks,Mobile,Digital,Interactive,Games,Films,Musik,Verlag"
)
SECOND = _SECOND.split(",")
_THIRD = ",,,,,Group,International,Europe,Sverige,Nord,Holding,2000"
THIRD = _THIRD.split(",")
_FORMS = "AB,AB,AB,AS,A/S,ApS,Oy,GmbH,Ltd,Ltd.,Limited,B.V.,SARL"
FORMS = _FORMS.split(",")
_PEOPLE = "Anna,Erik,Maria,Lars,Karin,Johan,Eva,Peter,Sofia,Jens,Claire,Marco,Julia,Tom"
PEOPLE = _PEOPLE.split(",")
STYLES = (
    "SAAS-INV-{year}-{seq:05d}",
    "SAAS-INV-{year}-{seq:05d}",
    "INV-{seq}",
    "INV-{year}-{seq:04d}",
    "{seq}",
    "F{year}{seq:05d}",
    "{year}/{seq:04d}",
    "RE{seq:06d}",
    "A-{seq}",
)


@dataclass(slots=True)
class Tenant:
    """A customer, what it is called, and from where it pays."""

    tenant_id: str
    name: str
    iban: str
    parent: str
    parent_iban: str


@dataclass(slots=True)
class World:
    """A company's book, its past, and a source of chance."""

    chance: random.Random
    tenants: dict[str, Tenant]
    invoices: list[Invoice]
    history: list[Assignment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Case:
    """A transfer, the invoices it truly pays (none when it pays none), and its kind."""

    kind: str
    transfer: Transfer
    truth: tuple[str, ...]


def made_world(seed: int, invoices: int) -> World:
    """A company with about so many invoices; its habits hang on the seed."""
    chance = random.Random(seed)
    per_tenant = chance.choice((2, 4, 7, 12))
    tenants = _tenants(chance, max(invoices // per_tenant, 5))
    world = World(chance, tenants, [])
    style, scheme = (
        chance.choice(STYLES),
        chance.choice(("full", "full", "luhn", "plain", "random")),
    )
    listed = chance.random() < 0.6
    prices = [chance.randrange(1, 60) * 5_000 for _ in range(12)] + [
        chance.randrange(2_000, 900_000) for _ in range(8)
    ]
    currencies = chance.choice((("SEK",), ("EUR",), ("SEK", "EUR"), ("EUR", "USD", "GBP")))
    mine = {key: (chance.choice(prices), chance.choice(currencies)) for key in tenants}
    keys = list(tenants)
    start, open_share = chance.choice((1, 1_000, 10_000, 48_211)), chance.uniform(0.25, 0.8)
    for place in range(invoices):
        tenant = tenants[chance.choice(keys)]
        issued = TODAY - timedelta(days=int(chance.triangular(0, 400, 25)))
        seq = start + place
        price, currency = mine[tenant.tenant_id]
        due = price if listed or chance.random() < 0.4 else chance.randrange(1_500, 2_500_000)
        due += chance.randrange(1, 9_000) if chance.random() < 0.25 else 0
        world.invoices.append(
            Invoice(
                f"i{place}",
                style.format(year=issued.year, seq=seq),
                _ocr(chance, scheme, issued.year, seq),
                tenant.tenant_id,
                tenant.name,
                due,
                currency,
                issued,
                issued + timedelta(days=chance.choice((10, 14, 30, 30, 30))),
                _status(chance, open_share if issued < TODAY - timedelta(days=60) else 0.85),
            )
        )
    _past(world)
    return world


def _status(chance: random.Random, open_share: float) -> str:
    if chance.random() < open_share:
        return chance.choice(("issued", "issued", "issued", "overdue", "partially_paid"))
    return chance.choices(("paid", "cancelled", "refunded", "written_off"), (85, 9, 3, 3))[0]


def _ocr(chance: random.Random, scheme: str, year: int, seq: int) -> str:
    if scheme == "full":
        return ocr_reference(int(f"1{year % 100:02d}{seq:05d}"))
    if scheme == "luhn":
        body = f"{year}{seq:05d}"
        return body + luhn.calc_check_digit(body)
    if scheme == "plain":
        return f"{year}{seq:06d}"
    return str(chance.randrange(10**9, 10**12))


def iban(chance: random.Random) -> str:
    """Something that looks like an account number."""
    country = chance.choice(("SE", "DE", "NO", "FI", "GB", "FR"))
    bank = "".join(chance.choices(string.ascii_uppercase, k=4)) if country == "GB" else ""
    return f"{country}{chance.randrange(10, 99)}{bank}{chance.randrange(10**15, 10**18)}"


def _tenants(chance: random.Random, count: int) -> dict[str, Tenant]:
    used: set[str] = set()
    tenants = {}
    for place in range(count):
        name = ""
        while not name or name in used:
            words = [chance.choice(FIRST), chance.choice(SECOND), chance.choice(THIRD)]
            if chance.random() < 0.15:
                words = [chance.choice(FIRST) + chance.choice(SECOND).lower()]
            if chance.random() < 0.2 or count > 5_000:
                words[0] = f"{chance.choice(FIRST)} {words[0]}"
            name = " ".join(word for word in (*words, chance.choice(FORMS)) if word)
        used.add(name)
        parent = (
            f"{chance.choice(FIRST)} {chance.choice(('Holding', 'Invest', 'Group', 'Kapital'))}"
        )
        if chance.random() < 0.4:
            parent = f"{chance.choice(PEOPLE)} {chance.choice(FIRST)}sson"
        tenants[f"t{place}"] = Tenant(f"t{place}", name, iban(chance), parent, iban(chance))
    return tenants


def _past(world: World) -> None:
    """History of some tenants; of few, an account that pays for two of them."""
    chance = world.chance
    share, keys = chance.uniform(0.2, 0.7), list(world.tenants)
    for tenant in world.tenants.values():
        if chance.random() > share:
            continue
        by_parent = chance.random() < 0.15
        name = tenant.parent if by_parent else tenant.name
        account = tenant.parent_iban if by_parent else tenant.iban
        for _ in range(chance.choice((1, 1, 2, 3, 4, 6))):
            on = TODAY - timedelta(days=chance.randrange(30, 500))
            world.history.append(Assignment(name, account, tenant.tenant_id, on))
            if chance.random() < 0.01:
                other = chance.choice(keys)
                world.history.append(Assignment(name, account, other, on))
