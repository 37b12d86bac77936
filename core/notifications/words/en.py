"""The messages in English; where the sources give the words, these are theirs."""

from core.notifications.words.message import Language, Message

_PLAN, _WALLET, _OPEN = "See your plan", "Recharge now", "Open in Saldo"
_INVOICE_LINE = (
    "{% if invoice %}\n\nInvoice {{ invoice }}: {{ total }}"
    "{% if due %}, of which {{ due }} is due on {{ due_on }}{% else %}, paid{% endif %}.{% endif %}"
)

ENGLISH = Language(
    locale="en_GB",
    messages={
        "subscription.assigned": Message(
            "New subscription: {{ plan }} ({{ cycle }}) activated until {{ renews_on }}",
            "{{ tenant }} now has the plan {{ plan }}."
            "{% if trial_ends_on %} The trial runs until {{ trial_ends_on }}; nothing is charged "
            "before.{% endif %}" + _INVOICE_LINE,
            _PLAN,
        ),
        "subscription.renewed": Message(
            "Subscription renewed: {{ plan }} – next renewal on {{ renews_on }}",
            "The subscription of {{ tenant }} to {{ plan }} was renewed." + _INVOICE_LINE,
            _PLAN,
        ),
        "subscription.insufficient_balance": Message(
            "Action required: insufficient balance to renew {{ plan }}",
            "The wallet of {{ tenant }} does not cover the next period of {{ plan }}. Please "
            "recharge it within {{ grace_days }} days; the subscription then renews by itself.\n\n"
            "Until {{ grace_ends_on }} everything keeps working. After that the account can only "
            "be read.",
            _WALLET,
        ),
        "subscription.expired": Message(
            "Subscription expired: {{ plan }}. Your account is now in its grace period",
            "The subscription of {{ tenant }} to {{ plan }} ran out without a renewal."
            "{% if grace_ends_on %} Everything keeps working until {{ grace_ends_on }}; after that "
            "the account can only be read.{% endif %}",
            _PLAN,
        ),
        "subscription.read_only": Message(
            "Account restricted: read-only mode",
            "The grace period of {{ tenant }} has ended. Everything can still be read, but nothing "
            "can be changed.\n\nRecharge the wallet and renew to restore full access.",
            _WALLET,
        ),
        "subscription.plan_changed": Message(
            "{% if at_renewal and next_plan %}Plan change planned: {{ next_plan }} from "
            "{{ renews_on }}{% else %}Plan changed: {{ plan }}{% endif %}",
            "{% if at_renewal and next_plan %}{{ tenant }} stays on {{ plan }} until "
            "{{ renews_on }} and then moves to {{ next_plan }}.{% else %}{{ tenant }} is now on "
            "{{ plan }}. What changes within the running period is settled on the next invoice or "
            "as a credit.{% endif %}",
            _PLAN,
        ),
        "subscription.paused": Message(
            "Subscription paused: {{ plan }}",
            "The subscription of {{ tenant }} is paused{% if paused_until %} until "
            "{{ paused_until }}{% endif %}. Nothing is charged for that time.",
            _PLAN,
        ),
        "subscription.resumed": Message(
            "Subscription resumed: {{ plan }}",
            "The subscription of {{ tenant }} runs again." + _INVOICE_LINE,
            _PLAN,
        ),
        "subscription.cancelled": Message(
            "Subscription cancelled: {{ plan }}. Contact support for assistance",
            "The subscription of {{ tenant }} was cancelled. {% if runs_out_on %}It can be used "
            "until {{ runs_out_on }}.{% else %}It has ended; data can still be read.{% endif %}",
            _OPEN,
        ),
        "subscription.ended": Message(
            "Subscription ended: {{ plan }}",
            "The subscription of {{ tenant }} has come to its end. Data can still be read.",
            _OPEN,
        ),
        "trial.ending": Message(
            "Your trial of {{ plan }} ends on {{ trial_ends_on }}",
            "The trial of {{ tenant }} ends on {{ trial_ends_on }}. The first paid period begins "
            "then, at {{ price }} per {{ cycle_noun }} before tax, unless you tell us otherwise.",
            _PLAN,
        ),
        "trial.extended": Message(
            "Your trial of {{ plan }} was extended to {{ trial_ends_on }}",
            "{{ tenant }} can try {{ plan }} until {{ trial_ends_on }}.",
            _PLAN,
        ),
        "trial.ended": Message(
            "Your trial has ended: {{ plan }} is active",
            "The trial of {{ tenant }} is over and the plan {{ plan }} is active." + _INVOICE_LINE,
            _PLAN,
        ),
        "wallet.recharged": Message(
            "Wallet recharged: {{ amount }} added. New balance: {{ balance }}",
            "{{ amount }} arrived in the wallet of {{ tenant }}. It now holds {{ balance }}.",
            "See your wallet",
        ),
        "invoice.issued": Message(
            "Invoice {{ invoice }} from {{ company }}: {{ total }}",
            "{% if due %}Please pay {{ due }} by {{ due_on }} and give the reference "
            "{{ reference }}.{% else %}It is paid; there is nothing for you to do.{% endif %}",
            "See the invoice",
        ),
        "payment.received": Message(
            "Payment received: {{ amount }}",
            "Thank you. We received {{ amount }} from {{ tenant }}."
            "{% if invoice %} It was put on invoice {{ invoice }}{% if due %}, on which {{ due }} "
            "is left{% endif %}.{% endif %}",
            _OPEN,
        ),
        "payment.failed": Message(
            "Payment failed{% if invoice %}: invoice {{ invoice }}{% endif %}",
            "We could not collect {{ amount or due or 'the amount due' }} from {{ tenant }}"
            "{% if failure %} ({{ failure }}){% endif %}. Please check the payment method; we try "
            "again, and you can also pay by bank transfer.",
            _OPEN,
        ),
        "payment.reminder": Message(
            "Reminder: {% if invoice %}invoice {{ invoice }} is overdue{% else %}an invoice is "
            "overdue{% endif %}",
            "{% if due %}{{ due }} was due on {{ due_on }}.{% else %}A payment is overdue."
            "{% endif %} Please pay it soon.{% if restricts_on %} From {{ restricts_on }} the "
            "account of {{ tenant }} is restricted.{% endif %}{% if suspends_on %} From "
            "{{ suspends_on }} the account{% if not restricts_on %} of {{ tenant }}{% endif %} is "
            "suspended.{% endif %}\n\nIf you have paid in the meantime, this has crossed with your "
            "payment.",
            _OPEN,
        ),
        "tenant.throttled": Message(
            "Account restricted: an invoice is overdue",
            "The account of {{ tenant }} is restricted because "
            "{% if invoice %}invoice {{ invoice }}{% else %}an invoice{% endif %} is not paid. "
            "Paying it restores full access.{% if suspends_on %} From {{ suspends_on }} the "
            "account is suspended.{% endif %}",
            _OPEN,
        ),
        "tenant.suspended": Message(
            "Account suspended: {{ tenant }}",
            "The account of {{ tenant }} is suspended because invoices stayed unpaid. Settling "
            "what is overdue reactivates it.",
            _OPEN,
        ),
        "tenant.reactivated": Message(
            "Account reactivated: {{ tenant }}",
            "Everything is settled. The account of {{ tenant }} has full access again.",
            _OPEN,
        ),
        "refund.made": Message(
            "Refund: {{ amount }}",
            "We have refunded {{ amount }} to {{ tenant }}"
            "{% if invoice %} for invoice {{ invoice }}{% endif %}. Banks and card companies take "
            "a few days to show it.",
            _OPEN,
        ),
        "refund.returned": Message(
            "Refund of {{ amount }} did not arrive",
            "The refund of {{ amount }} to {{ tenant }}{% if invoice %} for invoice {{ invoice }}"
            "{% endif %} came back to us: the bank or card company did not take it. The money is "
            "not lost; {{ company }} keeps it for you and gets in touch about how to pay it.",
            _OPEN,
        ),
        "credit_note.issued": Message(
            "Credit note{% if credit_note %} {{ credit_note }}{% endif %}"
            "{% if credit_total %}: {{ credit_total }}{% endif %}",
            "{{ company }} has issued a credit note to {{ tenant }}"
            "{% if invoice %} for invoice {{ invoice }}{% endif %}.",
            _OPEN,
        ),
        "webhook.disabled": Message(
            "A webhook endpoint was switched off",
            "The webhook endpoint{% if url_host %} at {{ url_host }}{% endif %} kept failing and "
            "gets nothing more. Mend it, then add it again.",
            _OPEN,
        ),
        "notification.test": Message(
            "A test message from {{ company }}",
            "This channel works for {{ tenant }}. There is nothing for you to do.",
            _OPEN,
        ),
    },
    labels={
        "plan": "Plan",
        "price": "Price before tax",
        "renews_on": "Period until",
        "invoice": "Invoice",
        "total": "Total",
        "due": "To pay",
        "due_on": "Due on",
        "reference": "Payment reference",
    },
    cycles={
        "weekly": "weekly|week",
        "monthly": "monthly|month",
        "quarterly": "quarterly|quarter",
        "semiannual": "half-yearly|half-year",
        "annual": "yearly|year",
    },
    greeting="Hello,",
    footer="You get this because you look after billing at {{ tenant }}.",
)
