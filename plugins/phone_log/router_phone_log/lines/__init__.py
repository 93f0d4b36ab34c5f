"""Live lines: Asterisk's manager interface and a softphone's control socket."""
