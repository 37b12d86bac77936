"""The looks of the inbox: rows that are buttons, and the two sides of a comparison."""

import streamlit as st

STYLE = """
.st-key-inbox-columns > div { align-items: flex-start; }
.st-key-inbox-columns [data-testid="stColumn"]:last-child {
  position: sticky; top: 1rem; align-self: flex-start; }
[class*="st-key-pick-"], [class*="st-key-offer-"] { position: relative; gap: 0; }
:is([class*="st-key-pick-"], [class*="st-key-offer-"]) .stElementContainer:has(.stButton),
:is([class*="st-key-pick-"], [class*="st-key-offer-"]) .stButton {
  position: absolute; inset: 0; width: 100% !important; height: 100%; }
:is([class*="st-key-pick-"], [class*="st-key-offer-"]) .stTooltipIcon,
:is([class*="st-key-pick-"], [class*="st-key-offer-"]) .stTooltipHoverTarget {
  display: block; width: 100%; height: 100%; }
:is([class*="st-key-pick-"], [class*="st-key-offer-"]) button {
  position: absolute; inset: 0; width: 100%; height: 100%; min-height: 0; padding: 0;
  background: transparent; border-color: transparent; border-radius: 6px; overflow: hidden; }
:is([class*="st-key-pick-"], [class*="st-key-offer-"]) button > * { opacity: 0; }
:is([class*="st-key-pick-"], [class*="st-key-offer-"]) button:hover {
  background: color-mix(in srgb, var(--accent) 7%, transparent); border-color: transparent; }
:is([class*="st-key-pick-"], [class*="st-key-offer-"]) button:focus-visible {
  outline: 2px solid var(--accent); outline-offset: -2px; }
.pick { display: grid; align-items: baseline; gap: 0 .625rem; padding: .4375rem .5rem;
  grid-template-columns: 2.25rem 7.75rem minmax(0, 6fr) minmax(9.25rem, 5fr) 3.5rem;
  font-size: .875rem; line-height: 1.35; border-bottom: 1px solid var(--hair); }
.pick > * { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.pick b { font-weight: 600; }
.pick small { display: block; min-height: 1.0625rem; font-size: .75rem; color: var(--muted);
  overflow: hidden; text-overflow: ellipsis; }
.pick .figure-cell { text-align: right; font-variant-numeric: tabular-nums; overflow: visible; }
.pick .certain { color: var(--good); font-weight: 550; }
.pick.titles { font-size: .75rem; font-weight: 550; color: var(--muted);
  border-bottom-color: var(--line); padding-top: 0; }
.pick.chosen { background: color-mix(in srgb, var(--accent) 10%, transparent);
  box-shadow: inset 3px 0 var(--accent); border-radius: 4px; }
.offer { display: grid; grid-template-columns: 1.5rem minmax(0, 1fr) auto; gap: 0 .75rem;
  padding: .5rem .75rem; border: 1px solid var(--hair); border-radius: 6px; font-size: .875rem;
  line-height: 1.4; }
.offer + .offer { margin-top: .375rem; }
.offer kbd { font: inherit; font-size: .75rem; font-weight: 600; text-align: center;
  color: var(--muted); border: 1px solid var(--line); border-radius: 4px; height: 1.25rem; }
.offer b { font-weight: 600; }
.offer .odds { text-align: right; font-weight: 600; font-variant-numeric: tabular-nums; }
.offer .odds small, .offer small { display: block; font-size: .75rem; font-weight: 450;
  color: var(--muted); }
.offer ul { margin: .25rem 0 0; padding: 0 0 0 1rem; font-size: .8125rem; color: var(--muted); }
.offer li { margin: 0; font-size: .8125rem; }
.offer.chosen { border-color: var(--accent); box-shadow: inset 3px 0 var(--accent); }
.offer.closed .odds { color: var(--warn); }
.sides { width: 100%; border-collapse: collapse; font-size: .875rem; table-layout: fixed; }
.sides th, .sides td { padding: .4375rem .5rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--hair); overflow-wrap: anywhere; line-height: 1.35; }
.sides th { font-size: .75rem; font-weight: 550; color: var(--muted); }
.sides th:first-child { width: 4.75rem; padding-left: 0; }
.sides small { display: block; font-size: .75rem; color: var(--muted); }
.sides .good { font-weight: 550; }
.sides .good small { font-weight: 450; }
.sides a { color: inherit; text-underline-offset: 3px; }
[data-press-waits] :is(.st-key-desk-buttons, [class*="st-key-undo-"]) button {
  opacity: .55; cursor: progress; }
.stranger { display: flex; flex-wrap: wrap; align-items: baseline; gap: .125rem .75rem; }
.stranger b { font-size: 1.375rem; font-weight: 640; letter-spacing: -.02em; }
.stranger span { color: var(--muted); font-size: .875rem; overflow-wrap: anywhere; }
.desk-until { margin: 0 0 .5rem; font-size: .875rem; color: var(--muted); }
.desk-until b { color: var(--ink); }
.desk-until a { color: var(--accent); font-weight: 600; text-underline-offset: 3px; }
.st-key-desk-steps p { margin: 0; font-size: .8125rem; color: var(--muted); white-space: nowrap; }
.st-key-desk-line { background: var(--panel); padding: .625rem 1.125rem .75rem; }
.st-key-desk-line .desk-until { line-height: 2.5rem; margin: 0; }
@media (max-width: 1250px) {
  .pick { grid-template-columns: minmax(0, 1fr) max-content; gap: 0 .5rem; }
  .pick .odds small { display: inline; margin-left: .375rem; }
  .pick > .age, .pick > .offered, .pick.titles { display: none; }
  .pick > .figure-cell:not(.odds, .age) { grid-area: 1 / 1; text-align: left; font-weight: 600; }
  .pick > .odds { grid-area: 1 / 2; }
  .pick small { min-height: 0; }
  .pick > .payer { grid-area: 2 / 1 / 3 / 3; }
  .pick > .payer b { font-weight: 450; }
  .st-key-inbox-columns [data-testid="stColumn"]:first-child { flex: 0 0 36%; min-width: 0; }
  .st-key-inbox-columns [data-testid="stColumn"]:last-child { min-width: 0; }
}
@media (max-width: 700px) {
  .st-key-inbox-columns [data-testid="stColumn"]:is(:first-child, :last-child) {
    flex: 1 1 100%; position: static; }
  .st-key-inbox-columns [data-testid="stColumn"]:last-child { order: -1; }
}
"""


def apply() -> None:
    """Put them on the page."""
    st.html(f"<style>{STYLE}</style>")
