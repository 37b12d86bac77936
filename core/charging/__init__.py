"""Cards kept at a gateway, attempts to charge them, pages to pay on (PAY.3, PAY.5, PAY.6)."""
