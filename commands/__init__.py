"""The door for operators and cron: one file a group of `saldo` commands."""
