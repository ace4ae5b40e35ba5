"""Reports to look at: one HTML page without anything from elsewhere. Their tables, drawings and images."""
