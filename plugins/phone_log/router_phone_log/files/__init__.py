"""Files of call records: found, read from where reading stopped, cut into rows, understood by column maps."""
