"""The bank: what arrived on the company's accounts."""
