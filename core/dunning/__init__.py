"""Chasing what is overdue: cases, their ladder, and what it does to subscriptions."""
