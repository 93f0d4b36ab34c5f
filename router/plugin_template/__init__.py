"""Write a new plugin: `omnirouter plugin new`. The files it writes are in `files/`, one folder a part."""
