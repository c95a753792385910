"""xDRs as clients of the API see them: usage and money of a customer in one list, in the order of billing."""
