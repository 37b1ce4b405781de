"""What all pages share: colors, bars, figures, tables, styles."""
