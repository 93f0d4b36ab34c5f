"""One account from start to stop: where its coroutines run, what it may ask, how its failures are judged."""
