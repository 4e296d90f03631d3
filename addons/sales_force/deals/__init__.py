"""What deals decide: pure arithmetic, and the set SQL of contracts and orders."""
