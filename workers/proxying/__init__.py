"""The filtering proxy: the only way out for a customer's code, one for each run.

sandbox, where only loopback exists          │  worker process
code ─▶ 127.0.0.1:port ─▶ inside/forward.py ─┼─▶ unix socket ─▶ server ─▶ gate ─▶ the network
        HTTPS_PROXY, ALL_PROXY               │                          refuses, counts, cuts
"""
