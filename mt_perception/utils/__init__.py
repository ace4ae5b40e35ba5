"""What any program could use: files, processes, threads, machines."""
