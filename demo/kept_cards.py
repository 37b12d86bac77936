"""Cards of the tenants that pay by card, left at the gateway in the company's last days."""

import stripe
from sqlalchemy import Engine

from core.charging.cards import keep_card, know_customer
from core.gateways.port import Card
from core.gateways.registry import SIMULATOR_KEY
from core.gateways.simulator.in_process import ADDRESS, InProcess
from core.work import Work
from demo.world import World

CARDS = ("pm_card_visa", "pm_card_mastercard", "pm_card_visa")
FAILING = "pm_card_chargeCustomerFail"


def leave_cards(world: World, engine: Engine) -> None:
    """Each tenant that Stripe charges and that stays has a card there, late payers a bad one.

    So has the customer that is shown.
    """
    client = stripe.StripeClient(
        SIMULATOR_KEY,
        base_addresses={"api": ADDRESS},
        http_client=InProcess(engine, world.desk.clock),
    )
    for customer in world.customers.values():
        profile = customer.profile
        by_card = profile.collection == "charge_automatically" and profile.provider == "stripe"
        if not (by_card or customer is world.shown) or customer.state == "gone":
            continue
        known = client.v1.customers.create({"name": customer.name})
        chosen = FAILING if customer.state == "behind" else world.rng.choice(CARDS)
        method = client.v1.payment_methods.attach(chosen, {"customer": known.id})
        assert method.card is not None
        card = Card(
            method.id,
            known.id,
            method.card.brand,
            method.card.last4 or "",
            method.card.exp_month,
            method.card.exp_year,
        )

        def keep(work: Work, tenant_id: int = customer.tenant_id, card: Card = card) -> None:
            know_customer(work, tenant_id, "stripe", card.customer)
            keep_card(work, tenant_id, "stripe", card)

        world.desk.job("gateways", keep)
