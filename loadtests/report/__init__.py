"""The report of the experiments: `bench.json`, and from it `index.html` and its plots."""
