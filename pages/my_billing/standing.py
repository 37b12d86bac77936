"""Who looks at the pages of an organisation, and whether they may also change something."""

from dataclasses import dataclass

from core.access.authority import Actor
from core.errors import NotAllowed
from pages.parts import viewer


@dataclass(frozen=True)
class Standing:
    """One of an organisation's own people; who only reads gets no buttons."""

    actor: Actor
    tenant_id: int
    manages: bool


def own(what: str) -> Standing:
    """The person who looks, and `what` the page has. Raises NotAllowed for the platform's."""
    seen = viewer.current_viewer()
    if seen is None or seen.tenant_id is None:
        raise NotAllowed(f"Only an organisation's own users have {what} here")
    return Standing(viewer.current_actor(), seen.tenant_id, seen.may("org.billing.manage"))
