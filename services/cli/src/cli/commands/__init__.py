"""One module for each thing a visitor deals with; each adds its subcommands and runs them."""
