"""What keeps the repository true: stubs, the page of coverage."""
