"""The few words all services share: money, calendar, ids, sealed values, refusals, facts and changes. No technology."""
