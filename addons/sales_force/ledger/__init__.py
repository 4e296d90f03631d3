"""The credit ledger's arithmetic: from documents to credits, as SQL over sets.

``apportion``  the one apportionment, in Python and as SQL
``source``     what a source of facts declares
``crediting``  facts -> credits (splits, overlays, the dated organisation), merged
``order``, ``delivery``, ``invoice``, ``cash``, ``receipt``, ``lead``  the sources
"""
