"""Costs, cash and exchange rates: what the runway and the reporting currency need."""
