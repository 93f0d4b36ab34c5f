"""One module per part of the router that is measured; each gives figures for its targets."""
