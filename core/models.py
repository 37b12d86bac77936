"""All tables in one place, for migrations and for whoever needs the whole metadata."""

from core.access.models import (
    ApiKey,
    LoginAttempt,
    OidcRequest,
    Role,
    RolePermission,
    User,
    UserIdentity,
    UserRole,
    UserSession,
)
from core.adhoc.models import QueryRun, SavedQuery
from core.audit.models import AuditEvent
from core.backfill.models import ImportObject, ImportRun
from core.bank.models import BankStatement, BankTransfer, UnmatchedBankTransfer
from core.base import Base
from core.charging.models import ChargeAttempt, GatewayCustomer, HostedPage, PaymentMethod
from core.closing.models import ClosedFigure, ClosedMonth, CloseExplanation
from core.credit_notes.models import CreditNote, CreditNoteLine
from core.documents.models import Document
from core.dunning.models import (
    DunningCase,
    DunningEvent,
    DunningHold,
    DunningPolicy,
    DunningStage,
)
from core.gateways.models import GatewayCredentials, GatewayEvent, GatewayLedgerEntry
from core.idempotency import IdempotencyKey
from core.imports.models import ImportMapping
from core.inbox.models import (
    AutoAssignChoice,
    AutoAssignTrial,
    MatchingCalibration,
    SuggestionDeclined,
)
from core.invoices.models import Invoice, InvoiceLine, InvoiceSeries, IssuerProfile
from core.jobs.models import JobRun, JobSchedule
from core.ledger.models import Account, AccountingEntry, LedgerTransaction
from core.notifications.models import (
    Notification,
    NotificationChannel,
    NotificationDelivery,
    WebhookEndpoint,
)
from core.payments.models import Dispute, Payment, PaymentAllocation
from core.planning.models import CashBalance, Cost, FxRate
from core.plans.models import Plan, PlanLimit, PlanPrice
from core.reconciliation.models import (
    GatewayLine,
    GatewayPayout,
    GatewayPull,
    ReconciliationDay,
    ReconciliationDecision,
)
from core.refunds.models import Refund
from core.subscriptions.models import (
    PlanHistory,
    Subscription,
    SubscriptionCancellation,
    SubscriptionItem,
)
from core.tenants.models import Tenant
from core.usage.models import (
    Meter,
    UsageCounter,
    UsageEvent,
    UsagePeriod,
    UsagePrice,
    UsagePriceTier,
    UsageSubject,
)
from core.wallets.models import Wallet, WalletTransaction

__all__ = [
    "Account",
    "AccountingEntry",
    "ApiKey",
    "AuditEvent",
    "AutoAssignChoice",
    "AutoAssignTrial",
    "BankStatement",
    "BankTransfer",
    "Base",
    "CashBalance",
    "ChargeAttempt",
    "CloseExplanation",
    "ClosedFigure",
    "ClosedMonth",
    "Cost",
    "CreditNote",
    "CreditNoteLine",
    "Dispute",
    "Document",
    "DunningCase",
    "DunningEvent",
    "DunningHold",
    "DunningPolicy",
    "DunningStage",
    "FxRate",
    "GatewayCredentials",
    "GatewayCustomer",
    "GatewayEvent",
    "GatewayLedgerEntry",
    "GatewayLine",
    "GatewayPayout",
    "GatewayPull",
    "HostedPage",
    "IdempotencyKey",
    "ImportMapping",
    "ImportObject",
    "ImportRun",
    "Invoice",
    "InvoiceLine",
    "InvoiceSeries",
    "IssuerProfile",
    "JobRun",
    "JobSchedule",
    "LedgerTransaction",
    "LoginAttempt",
    "MatchingCalibration",
    "Meter",
    "Notification",
    "NotificationChannel",
    "NotificationDelivery",
    "OidcRequest",
    "Payment",
    "PaymentAllocation",
    "PaymentMethod",
    "Plan",
    "PlanHistory",
    "PlanLimit",
    "PlanPrice",
    "QueryRun",
    "ReconciliationDay",
    "ReconciliationDecision",
    "Refund",
    "Role",
    "RolePermission",
    "SavedQuery",
    "Subscription",
    "SubscriptionCancellation",
    "SubscriptionItem",
    "SuggestionDeclined",
    "Tenant",
    "UnmatchedBankTransfer",
    "UsageCounter",
    "UsageEvent",
    "UsagePeriod",
    "UsagePrice",
    "UsagePriceTier",
    "UsageSubject",
    "User",
    "UserIdentity",
    "UserRole",
    "UserSession",
    "Wallet",
    "WalletTransaction",
    "WebhookEndpoint",
]
