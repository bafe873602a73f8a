"""The job ledger behind `django.tasks`: the only leased queue."""
