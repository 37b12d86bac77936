"""What screens share: formats, charts, tables, cards, states, dialogs."""
