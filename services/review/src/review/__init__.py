"""What buyers think: feedback on items, and the ratings of sellers."""
