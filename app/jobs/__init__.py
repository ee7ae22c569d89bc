"""The door that time comes through: what is done without anybody calling."""
