"""The messages in Swedish."""

from core.notifications.words.message import Language, Message

_PLAN, _WALLET, _OPEN = "Visa abonnemanget", "Fyll på nu", "Öppna i Saldo"
_INVOICE_LINE = (
    "{% if invoice %}\n\nFaktura {{ invoice }}: {{ total }}"
    "{% if due %}, varav {{ due }} ska betalas senast {{ due_on }}{% else %}, betald{% endif %}."
    "{% endif %}"
)

SWEDISH = Language(
    locale="sv_SE",
    messages={
        "subscription.assigned": Message(
            "Nytt abonnemang: {{ plan }} ({{ cycle }}) gäller till {{ renews_on }}",
            "{{ tenant }} har nu abonnemanget {{ plan }}."
            "{% if trial_ends_on %} Provperioden pågår till {{ trial_ends_on }}; inget debiteras "
            "innan dess.{% endif %}" + _INVOICE_LINE,
            _PLAN,
        ),
        "subscription.renewed": Message(
            "Abonnemanget förnyat: {{ plan }} – förnyas nästa gång {{ renews_on }}",
            "Abonnemanget {{ plan }} för {{ tenant }} har förnyats." + _INVOICE_LINE,
            _PLAN,
        ),
        "subscription.insufficient_balance": Message(
            "Åtgärd krävs: saldot räcker inte för att förnya {{ plan }}",
            "Saldot för {{ tenant }} täcker inte nästa period av {{ plan }}. Fyll på inom "
            "{{ grace_days }} dagar, så förnyas abonnemanget av sig självt.\n\nTill och med "
            "{{ grace_ends_on }} fungerar allt som vanligt. Därefter går kontot bara att läsa.",
            _WALLET,
        ),
        "subscription.expired": Message(
            "Abonnemanget har löpt ut: {{ plan }}. Kontot har nu anstånd",
            "Abonnemanget {{ plan }} för {{ tenant }} löpte ut utan att förnyas."
            "{% if grace_ends_on %} Allt fungerar till {{ grace_ends_on }}; därefter går kontot "
            "bara att läsa.{% endif %}",
            _PLAN,
        ),
        "subscription.read_only": Message(
            "Kontot är begränsat till läsning",
            "Anståndet för {{ tenant }} är slut. Allt går att läsa men inget att ändra.\n\nFyll på "
            "saldot och förnya för att få full tillgång igen.",
            _WALLET,
        ),
        "subscription.plan_changed": Message(
            "{% if at_renewal and next_plan %}Planerat byte: {{ next_plan }} från "
            "{{ renews_on }}{% else %}Abonnemanget ändrat: {{ plan }}{% endif %}",
            "{% if at_renewal and next_plan %}{{ tenant }} har kvar {{ plan }} till "
            "{{ renews_on }} och går sedan över till {{ next_plan }}.{% else %}{{ tenant }} har nu "
            "{{ plan }}. Det som ändras under pågående period regleras på nästa faktura eller som "
            "tillgodohavande.{% endif %}",
            _PLAN,
        ),
        "subscription.paused": Message(
            "Abonnemanget pausat: {{ plan }}",
            "Abonnemanget för {{ tenant }} är pausat{% if paused_until %} till "
            "{{ paused_until }}{% endif %}. Inget debiteras under tiden.",
            _PLAN,
        ),
        "subscription.resumed": Message(
            "Abonnemanget återupptaget: {{ plan }}",
            "Abonnemanget för {{ tenant }} är igång igen." + _INVOICE_LINE,
            _PLAN,
        ),
        "subscription.cancelled": Message(
            "Abonnemanget uppsagt: {{ plan }}. Kontakta supporten vid frågor",
            "Abonnemanget för {{ tenant }} är uppsagt. {% if runs_out_on %}Det kan användas till "
            "{{ runs_out_on }}.{% else %}Det har upphört; uppgifterna går fortfarande att läsa."
            "{% endif %}",
            _OPEN,
        ),
        "subscription.ended": Message(
            "Abonnemanget har upphört: {{ plan }}",
            "Abonnemanget för {{ tenant }} har upphört. Uppgifterna går fortfarande att läsa.",
            _OPEN,
        ),
        "trial.ending": Message(
            "Provperioden för {{ plan }} slutar {{ trial_ends_on }}",
            "Provperioden för {{ tenant }} slutar {{ trial_ends_on }}. Då börjar den första "
            "betalda perioden, {{ price }} per {{ cycle_noun }} före moms, om du inte meddelar "
            "något annat.",
            _PLAN,
        ),
        "trial.extended": Message(
            "Provperioden för {{ plan }} förlängd till {{ trial_ends_on }}",
            "{{ tenant }} kan prova {{ plan }} till {{ trial_ends_on }}.",
            _PLAN,
        ),
        "trial.ended": Message(
            "Provperioden är slut: {{ plan }} är aktivt",
            "Provperioden för {{ tenant }} är slut och abonnemanget {{ plan }} är aktivt."
            + _INVOICE_LINE,
            _PLAN,
        ),
        "wallet.recharged": Message(
            "Saldot påfyllt med {{ amount }}. Nytt saldo: {{ balance }}",
            "{{ amount }} har kommit in för {{ tenant }}. Saldot är nu {{ balance }}.",
            "Visa saldot",
        ),
        "invoice.issued": Message(
            "Faktura {{ invoice }} från {{ company }}: {{ total }}",
            "{% if due %}Betala {{ due }} senast {{ due_on }} och ange referensen "
            "{{ reference }}.{% else %}Den är betald; du behöver inte göra något.{% endif %}",
            "Visa fakturan",
        ),
        "payment.received": Message(
            "Betalning mottagen: {{ amount }}",
            "Tack. Vi har tagit emot {{ amount }} från {{ tenant }}."
            "{% if invoice %} Beloppet har bokförts på faktura {{ invoice }}{% if due %}, där "
            "{{ due }} återstår{% endif %}.{% endif %}",
            _OPEN,
        ),
        "payment.failed": Message(
            "Betalningen misslyckades{% if invoice %}: faktura {{ invoice }}{% endif %}",
            "Vi kunde inte dra {{ amount or due or 'beloppet' }} från {{ tenant }}"
            "{% if failure %} ({{ failure }}){% endif %}. Kontrollera betalsättet; vi försöker "
            "igen, och det går också att betala via bank.",
            _OPEN,
        ),
        "payment.reminder": Message(
            "Påminnelse: {% if invoice %}faktura {{ invoice }} är förfallen{% else %}en faktura är "
            "förfallen{% endif %}",
            "{% if due %}{{ due }} skulle ha betalats senast {{ due_on }}.{% else %}En betalning "
            "är förfallen.{% endif %} Betala så snart som möjligt.{% if restricts_on %} Från "
            "{{ restricts_on }} begränsas kontot för {{ tenant }}.{% endif %}{% if suspends_on %} "
            "Från {{ suspends_on }} stängs kontot{% if not restricts_on %} för {{ tenant }}"
            "{% endif %} av.{% endif %}\n\nOm du redan har betalat kan du bortse från påminnelsen.",
            _OPEN,
        ),
        "tenant.throttled": Message(
            "Kontot är begränsat: en faktura är förfallen",
            "Kontot för {{ tenant }} är begränsat eftersom "
            "{% if invoice %}faktura {{ invoice }}{% else %}en faktura{% endif %} inte är betald. "
            "När den betalas får du full tillgång igen.{% if suspends_on %} Från "
            "{{ suspends_on }} stängs kontot av.{% endif %}",
            _OPEN,
        ),
        "tenant.suspended": Message(
            "Kontot är avstängt: {{ tenant }}",
            "Kontot för {{ tenant }} är avstängt eftersom fakturor inte har betalats. När det "
            "förfallna är reglerat öppnas det igen.",
            _OPEN,
        ),
        "tenant.reactivated": Message(
            "Kontot är öppet igen: {{ tenant }}",
            "Allt är reglerat. {{ tenant }} har full tillgång igen.",
            _OPEN,
        ),
        "refund.made": Message(
            "Återbetalning: {{ amount }}",
            "Vi har betalat tillbaka {{ amount }} till {{ tenant }}"
            "{% if invoice %} för faktura {{ invoice }}{% endif %}. Det kan dröja några dagar "
            "innan beloppet syns hos banken eller kortföretaget.",
            _OPEN,
        ),
        "refund.returned": Message(
            "Återbetalningen på {{ amount }} kom inte fram",
            "Återbetalningen på {{ amount }} till {{ tenant }}{% if invoice %} för faktura "
            "{{ invoice }}{% endif %} kom tillbaka till oss: banken eller kortföretaget tog inte "
            "emot den. Pengarna är inte borta; {{ company }} har dem kvar åt er och hör av sig om "
            "hur de betalas ut.",
            _OPEN,
        ),
        "credit_note.issued": Message(
            "Kreditfaktura{% if credit_note %} {{ credit_note }}{% endif %}"
            "{% if credit_total %}: {{ credit_total }}{% endif %}",
            "{{ company }} har utfärdat en kreditfaktura till {{ tenant }}"
            "{% if invoice %} för faktura {{ invoice }}{% endif %}.",
            _OPEN,
        ),
        "webhook.disabled": Message(
            "En webhook-adress har stängts av",
            "Webhook-adressen{% if url_host %} hos {{ url_host }}{% endif %} har svarat fel "
            "upprepade gånger och får inget mer. Rätta felet och lägg till den igen.",
            _OPEN,
        ),
        "notification.test": Message(
            "Ett testmeddelande från {{ company }}",
            "Kanalen fungerar för {{ tenant }}. Du behöver inte göra något.",
            _OPEN,
        ),
    },
    labels={
        "plan": "Abonnemang",
        "price": "Pris före moms",
        "renews_on": "Perioden till",
        "invoice": "Faktura",
        "total": "Summa",
        "due": "Att betala",
        "due_on": "Förfaller",
        "reference": "OCR-nummer",
    },
    cycles={
        "weekly": "veckovis|vecka",
        "monthly": "månadsvis|månad",
        "quarterly": "kvartalsvis|kvartal",
        "semiannual": "halvårsvis|halvår",
        "annual": "årsvis|år",
    },
    greeting="Hej!",
    footer="Du får detta eftersom du ansvarar för betalningar hos {{ tenant }}.",
)
