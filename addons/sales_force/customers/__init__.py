"""What customers are to a company: arithmetic apart from records.

``refresh``     lifecycle, class and RFM scores of all customers, one statement
``pool``        pools, qualifying actions and exemptions, over sets
``protection``  the three clocks of a claimed customer
"""
