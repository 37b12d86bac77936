"""PayPal's access token: fetched with the secret, kept until shortly before it ends (PAY.3)."""

import re
import time
from collections.abc import Callable
from typing import Any

import httpx

from core.gateways.http import Fields, Rejected, Wire, text, whole
from core.gateways.paypal_wire import words

SANDBOX = "https://api-m.sandbox.paypal.com"
LIVE = "https://api-m.paypal.com"
ENDS_EARLY_SECONDS = 60
"""A token is not used so shortly before its end."""
LONGEST_SECONDS = 10**9
_TOKEN = re.compile(r"[!-~]{1,4096}")


class Session:
    """Calls that carry a token; one refused token is replaced once."""

    def __init__(
        self,
        client_id: str,
        secret: str,
        address: str,
        transport: httpx.BaseTransport | None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.wire = Wire("PayPal", address, words, (client_id, secret), transport)
        self._credentials = (client_id, secret)
        self._seconds = seconds
        self._token, self._ends = "", 0.0

    def call(self, method: str, path: str, *, key: str | None = None, **request: Any) -> Fields:
        """The answer to a call; with a `key` PayPal carries it out once and answers it whole."""
        headers = dict(request.pop("headers", {}))
        if key is not None:
            headers |= {"PayPal-Request-Id": key, "Prefer": "return=representation"}
        try:
            return self._send(method, path, headers, request)
        except Rejected as no:
            if no.status != 401:
                raise
        self._token = ""
        return self._send(method, path, headers, request)

    def renew(self) -> None:
        """Fetch a token. Raises CredentialsMissing when PayPal does not know the secret."""
        began = self._seconds()
        body = self.wire.call(
            "POST",
            "/v1/oauth2/token",
            auth=self._credentials,
            data={"grant_type": "client_credentials"},
            headers={"Accept": "application/json"},
        )
        with self.wire.reading():
            token, lasts = text(body["access_token"]), whole(body["expires_in"])
            if not _TOKEN.fullmatch(token) or not 0 <= lasts <= LONGEST_SECONDS:
                raise ValueError("a token of another kind")
        self.wire.hide(token)
        self._token, self._ends = token, began + lasts - ENDS_EARLY_SECONDS

    def _send(self, method: str, path: str, headers: Fields, request: Fields) -> Fields:
        if not self._token or self._seconds() >= self._ends:
            self.renew()
        bearer = {"Authorization": f"Bearer {self._token}"}
        return self.wire.call(method, path, headers=headers | bearer, **request)
