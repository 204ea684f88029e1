overview-title = Overview
overview-waiting = Waiting for you
overview-nothing = Nothing waits for you.
overview-approve = to approve
overview-transfer = { $value } from { $vault }
overview-by = Submitted by { $name }
overview-before = Lapses
overview-all-transfers = All { $n } transfers that wait
overview-all-motions = All { $n } proposals that wait
overview-propose = Propose a transfer
overview-stop = Stop something
overview-way = On their way
overview-way-explained = Enough people have agreed. These take effect by themselves when their wait is over: look now, and stop or object if something is wrong.
overview-goes = Decided
overview-warnings = { $n ->
    [one] 1 warning about the server:
   *[other] { $n } warnings about the server:
}
overview-warnings-short = { $n ->
    [one] 1 warning
   *[other] { $n } warnings
}
overview-warnings-explained = coins near their recovery lock, a vault that cannot be used, fewer than two independent alarm channels, or an exposure that rose: whoever runs the server sees which.
overview-unavailable = The server takes no commands at present. Reading works; tell whoever runs it.
overview-no-commands = takes no commands
overview-rose = The exposure has risen: more could be forced out than before.
overview-posture = The posture is raised:
overview-stops = { $n ->
    [one] A stop is in force:
   *[other] { $n } stops are in force:
}
overview-stops-see = See stops and posture
overview-vaults = Vaults
overview-vaults-all = All vaults
overview-exposure = Exposure
overview-one-home = One home, 48 hours, and nobody calls for help:
overview-at-most = at most
overview-worst = The worst: { $homes }
overview-unbounded = Nothing bounds what could be forced out: a vault has no stated balance and no limit.
overview-exposure-see = See how it is worked out
overview-safety = How it stands
overview-health = Server
overview-healthy = No warnings
overview-check-in = Your next check-in
overview-check-in-late = up to { $span } late
overview-check-in-none = None planned: set times at which you are missed
overview-first = To begin
overview-first-explained = There is nothing here yet. From nothing to a first protected vault takes about ten minutes.
overview-first-go = Set up, step by step
overview-first-practice = Practise your three words
overview-first-policy = Read the rules in force
overview-first-me = Complete your own entry
