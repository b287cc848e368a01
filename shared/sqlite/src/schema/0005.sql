-- What an execution waited for, to be forgotten with it.
CREATE INDEX waiters_by_waiter ON waiters (waiter);
