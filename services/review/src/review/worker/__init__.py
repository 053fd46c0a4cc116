"""The worker that counts votes: it reads them from the stream and folds them into the counts, each once."""
