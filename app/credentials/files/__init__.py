"""The files that show credentials: uploads, downloads, submissions and removal."""
