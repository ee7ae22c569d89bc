"""The evaluation of workers against rules on a day, from today's rows or from history."""
