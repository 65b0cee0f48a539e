"""Google Cloud's APIs on loopback, over one state in memory: for trying a runbook, and testing belay, without a cloud."""
