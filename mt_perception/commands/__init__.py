"""What `mt-perception` can do, a file for each subcommand."""
