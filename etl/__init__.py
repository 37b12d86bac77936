"""The reading side: operational Postgres → checked, published analytics copy → figures."""
