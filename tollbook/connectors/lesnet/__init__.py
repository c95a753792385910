"""Les.net: a text file of calls for each account, and orders by hand or by an address of the operator's own."""
