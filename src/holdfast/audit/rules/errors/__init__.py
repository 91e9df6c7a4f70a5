"""Rules about failures that nobody hears of."""
