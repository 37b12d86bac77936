"""The API beside the pages in the one web process: its own door, the same headers."""

import httpx

from tests.journeys.conftest import Site


def test_the_api_answers_for_itself_and_pages_still_ask_to_sign_in(site: Site) -> None:
    assert httpx.get(f"{site.base_url}/revenue").status_code == 303
    for path in ("/sys/subscriptions", "/admin/billing/plans", "/v1/usage"):
        refused = httpx.get(site.base_url + path)
        assert (refused.status_code, refused.json()["code"]) == (401, "sign_in_needed")
    for path in ("/sys/", "/v1/../revenue", "/admin/billing/x", "/subscriptions/1"):
        assert httpx.get(site.base_url + path).status_code in (303, 404)


def test_the_pricing_page_and_the_description_are_open(site: Site) -> None:
    assert httpx.get(f"{site.base_url}/v1/plans").status_code == 200
    described = httpx.get(f"{site.base_url}/openapi.json")
    assert described.json()["info"]["title"] == "Saldo"
    assert described.headers["x-content-type-options"] == "nosniff"


def test_no_websocket_is_open_below_the_api(site: Site) -> None:
    handshake = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "origin": site.base_url,
    }
    for path in ("/v1/_stcore/stream", "/sys/x"):
        assert httpx.get(site.base_url + path, headers=handshake).status_code == 403
