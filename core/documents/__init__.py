"""Documents: invoices and credit notes as PDF, kept as they were first rendered, and lists."""
