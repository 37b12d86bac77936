"""A gateway on this machine that speaks Stripe's wire protocol; its state is a schema of its own.

Nothing here decides anything for Saldo: the real library talks to it as it talks to Stripe.
"""
