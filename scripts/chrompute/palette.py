"""Colours of figures, tracks and pages, for those too that draw nothing."""

#: Colours that colour-blind readers tell apart (Okabe and Ito 2008).
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555", "#F0E442")
#: Colour of text and lines.
INK = "#333333"
