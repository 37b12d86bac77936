"""When open invoices will be paid, from how each customer paid before (CFO, cash forecast)."""
