"""What is asked of whom, who has it, and so who may work where on any day."""
