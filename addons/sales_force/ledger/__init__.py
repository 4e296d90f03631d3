"""The credit ledger's arithmetic: from documents to credits.

Many documents are derived as sets by one SQL statement per source. A few, as one
transaction changes them, are read raw and derived in Python: planning that statement
takes several times longer than running it. The tests compare both ways
with each other and with an oracle after every step.

``apportion``  the one apportionment, in Python and as SQL
``source``     what a source of facts declares
``crediting``  facts -> credits (splits, overlays, the dated organisation), merged
``few``        the same for a few documents, in Python
``order``, ``delivery``, ``invoice``, ``cash``, ``receipt``, ``lead``  the sources
"""
