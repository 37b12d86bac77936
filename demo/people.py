"""The people of the simulated company, one for every role."""

from dataclasses import dataclass

PASSWORD = "saldo-demo-2026"  # noqa: S105 - printed at the end of the demo; no secret
BOSS = "super_admin@saldo.example"


@dataclass(frozen=True)
class Person:
    """A demo user; one of a tenant belongs to the customer that the demo shows from inside."""

    email: str
    name: str
    roles: tuple[str, ...]

    @property
    def of_tenant(self) -> bool:
        """True for users of a customer."""
        return self.roles[0].startswith("org_")


PEOPLE = (
    Person(BOSS, "Astrid Lindqvist", ("super_admin",)),
    Person("admin@saldo.example", "Jonas Berg", ("admin",)),
    Person("cfo@saldo.example", "Margareta Holm", ("cfo",)),
    Person("sys_finance@saldo.example", "Petter Nyström", ("sys_finance",)),
    Person("billing@saldo.example", "Sofia Ekdahl", ("billing",)),
    Person("onboarding@saldo.example", "Amara Okafor", ("onboarding",)),
    Person("analyst@saldo.example", "Lukas Brandt", ("analyst",)),
    Person("manager@saldo.example", "Ingrid Solheim", ("manager",)),
    Person("operator@saldo.example", "Camille Laurent", ("operator",)),
    Person("org_admin@saldo.example", "Erik Sandström", ("org_admin",)),
    Person("org_user@saldo.example", "Nadia Haddad", ("org_user",)),
)
