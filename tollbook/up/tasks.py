"""Jobs, as the queue knows them. What they do is in `jobs`; when, again, and one at a time is said here."""
