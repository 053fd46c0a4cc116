"""Likes and dislikes of albums: the votes, and their counts as readers see them."""
