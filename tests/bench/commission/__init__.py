"""The same commission scenarios in OCA's addon and in ours, judged by an oracle."""
