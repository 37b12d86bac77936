"""Words, amounts and days of documents in the languages they are written in."""

from datetime import date, timedelta
from decimal import Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from core.money import exponent, units_text

MINUS = "\u2212"
_DAYS = {"en": "d MMM y", "sv": "y-MM-dd"}
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "invoice": "Invoice",
        "credit_note": "Credit note",
        "draft_invoice": "Draft invoice",
        "draft_credit_note": "Draft credit note",
        "draft": "Draft",
        "from": "From",
        "to": "Billed to",
        "issued_on": "Invoice date",
        "credited_on": "Date",
        "due_on": "Due date",
        "customer": "Customer no.",
        "reference": "Payment reference",
        "credited": "Credits invoice",
        "period": "Period",
        "tax_id": "VAT no.",
        "registration": "Reg. no.",
        "description": "Description",
        "quantity": "Quantity",
        "unit_price": "Unit price",
        "discount": "Discount",
        "percent": "VAT",
        "net": "Net",
        "tax": "VAT",
        "taxable": "Taxable",
        "rate": "VAT rate",
        "total_invoice": "Amount due",
        "total_credit_note": "Total credited",
        "total": "Total",
        "home_tax": "VAT in {currency}",
        "home_rate": "1 {unit} = {rate} {currency}, the rate of {day}.",
        "paid": "Paid on the invoice date",
        "charged": "The amount is charged to your card; there is nothing you need to do.",
        "payment": "Payment",
        "pay": "Amount due",
        "bankgiro": "Bankgiro",
        "iban": "IBAN",
        "bic": "BIC",
        "receiver": "Receiver",
        "nothing": "Nothing is to be paid.",
        "quote": "Please state the payment reference with your payment.",
        "scan": "Scan to pay",
        "inclusive": "The unit price includes VAT",
        "whole_discount": "The discounts include {amount} off the whole invoice.",
        "standard": "Standard",
        "reduced": "Reduced",
        "zero": "Zero-rated",
        "reverse_charge": "Reverse charge",
        "exempt": "Exempt",
        "outside": "Outside scope",
        "reverse_charge_note": "Reverse charge: the customer accounts for the VAT "
        "(Council Directive 2006/112/EC, articles 44 and 196).",
        "outside_note": "Outside the scope of EU VAT: service to a business established outside "
        "the EU (Council Directive 2006/112/EC, article 44).",
        "exempt_note": "Exempt from VAT.",
        "settles_balance": "The amount is kept as your credit and set off against coming invoices.",
        "settles_invoice": "The amount is set off against invoice {number}; what is beyond "
        "the amount owed is kept as your credit.",
        "settles_refund": "The amount is paid back to you.",
        "page": "Page",
        "logo": "Logo of {name}",
        "qr": "QR code for payment",
        "as_of": "As of",
        "rows": "{count} rows",
        "cut": "Only the first {shown} of {count} rows are listed; export CSV for all of them.",
    },
    "sv": {
        "invoice": "Faktura",
        "credit_note": "Kreditfaktura",
        "draft_invoice": "Fakturautkast",
        "draft_credit_note": "Utkast till kreditfaktura",
        "draft": "Utkast",
        "from": "Från",
        "to": "Faktureras",
        "issued_on": "Fakturadatum",
        "credited_on": "Datum",
        "due_on": "Förfallodag",
        "customer": "Kundnr",
        "reference": "OCR-nummer",
        "credited": "Krediterar faktura",
        "period": "Period",
        "tax_id": "Momsreg.nr",
        "registration": "Org.nr",
        "description": "Beskrivning",
        "quantity": "Antal",
        "unit_price": "À-pris",
        "discount": "Rabatt",
        "percent": "Moms",
        "net": "Netto",
        "tax": "Moms",
        "taxable": "Underlag",
        "rate": "Momssats",
        "total_invoice": "Att betala",
        "total_credit_note": "Summa kredit",
        "total": "Summa",
        "home_tax": "Moms i {currency}",
        "home_rate": "1 {unit} = {rate} {currency}, kursen {day}.",
        "paid": "Betalt på fakturadagen",
        "charged": "Beloppet dras från ert kort; ni behöver inte göra något.",
        "payment": "Betalning",
        "pay": "Att betala",
        "bankgiro": "Bankgiro",
        "iban": "IBAN",
        "bic": "BIC",
        "receiver": "Mottagare",
        "nothing": "Inget att betala.",
        "quote": "Ange alltid OCR-numret vid betalning.",
        "scan": "Skanna och betala",
        "inclusive": "À-priset inkluderar moms",
        "whole_discount": "I rabatterna ingår {amount} på hela fakturan.",
        "standard": "Normal",
        "reduced": "Reducerad",
        "zero": "Nollsats",
        "reverse_charge": "Omvänd skattskyldighet",
        "exempt": "Undantagen",
        "outside": "Utanför tillämpningsområdet",
        "reverse_charge_note": "Omvänd betalningsskyldighet: köparen redovisar momsen "
        "(rådets direktiv 2006/112/EG, artiklarna 44 och 196).",
        "outside_note": "Utanför tillämpningsområdet för EU:s moms: tjänst till ett företag "
        "etablerat utanför EU (rådets direktiv 2006/112/EG, artikel 44).",
        "exempt_note": "Undantagen från moms.",
        "settles_balance": "Beloppet står kvar som ert tillgodohavande och räknas av mot kommande "
        "fakturor.",
        "settles_invoice": "Beloppet räknas av mot faktura {number}; det som överstiger "
        "skulden står kvar som ert tillgodohavande.",
        "settles_refund": "Beloppet betalas tillbaka till er.",
        "page": "Sida",
        "logo": "Logotyp för {name}",
        "qr": "QR-kod för betalning",
        "as_of": "Per",
        "rows": "{count} rader",
        "cut": "Bara de första {shown} av {count} rader visas; exportera CSV för alla.",
    },
}


class Wording:
    """One language; a language without words of its own is written in English."""

    def __init__(self, language: str) -> None:
        self.language = language if language in WORDS else "en"
        self._locale = Locale(self.language)

    def __call__(self, key: str, **filled: str) -> str:
        """A word or sentence, its gaps filled."""
        return WORDS[self.language][key].format(**filled)

    def amount(self, minor: int, currency: str) -> str:
        """The amount in units, without its code: ``1,234.50``."""
        places = exponent(currency)
        pattern = "#,##0" + ("." + "0" * places if places else "")
        digits = format_decimal(Decimal(units_text(minor, currency)), pattern, locale=self._locale)
        return digits.replace("-", MINUS)

    def money(self, minor: int, currency: str) -> str:
        """The amount with its code: ``EUR 1,234.50``, ``1 234,50 SEK``."""
        amount = self.amount(minor, currency)
        return f"{amount}\u00a0{currency}" if self.language == "sv" else f"{currency}\u00a0{amount}"

    def whole(self, count: int) -> str:
        """A number of things: ``2,000``."""
        return format_decimal(count, "#,##0", locale=self._locale)

    def quantity(self, value: Decimal) -> str:
        """A count with the decimals it has."""
        return format_decimal(value, "#,##0.######", locale=self._locale).replace("-", MINUS)

    def percent(self, value: Decimal) -> str:
        """A rate: ``25%``, ``25 %``."""
        digits = format_decimal(value, "0.####", locale=self._locale)
        return f"{digits}\u00a0%" if self.language == "sv" else f"{digits}%"

    def day(self, value: date) -> str:
        """``20 Nov 2026``, ``2026-11-20``."""
        return str(format_date(value, _DAYS[self.language], locale=self._locale))

    def span(self, start: date, end: date) -> str:
        """The days of `[start, end)`, the last one included."""
        last = end - timedelta(days=1)
        return self.day(start) if last <= start else f"{self.day(start)} – {self.day(last)}"

    def country(self, code: str) -> str:
        """The name of a country; its code when it has none."""
        return str(self._locale.territories.get(code, code))
