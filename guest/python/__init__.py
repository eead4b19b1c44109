"""SDK for Followup plugins in Python. Policies import `sdk.policy`, triggers `sdk.trigger`."""
