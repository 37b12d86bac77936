"""Which invoices a bank transfer pays: suggestions with a calibrated probability and reasons."""
