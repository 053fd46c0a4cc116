"""The catalog: items, their prices, search, and the stock that orders are made of."""
