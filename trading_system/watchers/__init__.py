"""Look on: the event log, the counters, the lines on the screen, the status file. They see everything and change nothing."""
