"""What `tollbook up` runs: web, worker and scheduler, each a process, under one that looks after them."""
