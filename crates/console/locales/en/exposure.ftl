exposure-title = Exposure
exposure-lead = How much could anyone be forced to move? For every number of homes taken, every length of time and each of three courses of events, this is the most that can be lost, whatever the attackers do.
exposure-homes = { $n ->
    [one] one home
   *[other] { $n } homes
}
exposure-days = { $n } d
exposure-hours = { $n } h
exposure-thousands = { $n } k
exposure-millions = { $n } M
exposure-billions = { $n } bn
exposure-silent = nobody gives an alarm
exposure-signalled = panic words from the first act
exposure-stopped = free people stop everything
exposure-at-once = at once
exposure-after = after { $length }
exposure-at-most = at most: no way to reach it was found, the true figure may be lower
exposure-one-home = One home taken, with everyone in it, for { $length }: at most
exposure-taken = Taken
exposure-meanwhile = Meanwhile
exposure-all = Every figure
exposure-all-lead = Choose a sum to see who could be forced to what, and what would lower it.
exposure-meaning = What the words mean
exposure-silent-means = The worst case: everybody who is taken does what they are told, nobody uses panic words, and nobody outside notices anything until it is over.
exposure-signalled-means = Those who are taken enter other words than their own, at every step. What flows without a long wait still flows; everything slow is declined when it is ready, and no change of the rules takes effect.
exposure-stopped-means = Nobody who is taken signals, but free people notice and stop everything openly, as soon as the rules expect them to react. From then on nothing passes.
exposure-word-homes = homes taken
exposure-homes-means = Everyone who lives there falls into the attackers' hands together, with devices, keys and words; and with them whomever they could be used against. The attackers know the rules and begin at the worst moment.
exposure-word-unbounded = not bounded
exposure-unbounded = Nothing bounds the loss.
exposure-unbounded-means = Some vault has no balance that anybody states and no limit on what may leave it. Then no greatest loss can be named, and there are no figures.
exposure-unbounded-next = Give the vault a balance in the rules, connect it to its chain, or put a limit on it.
exposure-proven = No strategy exceeds a figure: it is proven, not estimated. Fees and prices that move meanwhile are left out.
exposure-curves = Loss over time
exposure-curves-lead = The longer people are held, the more can be forced out of them. The steps are the waits and limits of the rules. The same numbers stand in the table above.
exposure-curve-title = Greatest loss over the time that people are held: { $mode }
exposure-curve-words = { $homes }: { $less } within { $first }, { $more } within { $last }.
exposure-worst = Who could be forced, and how
exposure-more-steps = { $n ->
    [one] One more step like these.
   *[other] { $n } more steps like these.
}
exposure-amount = At most
exposure-homes-taken = Homes taken
exposure-coalition = Coerced then
exposure-begins = Worst moment to begin
exposure-assumes = Taken as given, because nobody says
exposure-nobody = nobody
exposure-no-steps = Nothing can be forced out.
exposure-takes-effect = takes effect { $when }
exposure-lowered = What would lower it
exposure-lowered-to = Figure with it
exposure-cost = What it costs
exposure-edit-link = Edit the files
exposure-no-wait = Transfers on record would not have waited longer.
exposure-added-wait = Transfers on record would have waited { $length } longer in all.
exposure-blocked = { $n ->
    [one] One would not have passed as it was.
   *[other] { $n } would not have passed as they were.
}
exposure-advice = Cheapest changes that lower exposure
exposure-advice-lead = For one home, each the cheapest single change that lowers its figure, measured by the transfers on record.
exposure-advised = Change
exposure-figure = Figure
exposure-from-to = From, to
exposure-rose = Exposure has risen
exposure-rose-figures = { $n ->
    [one] One figure rose
   *[other] { $n } figures rose
}
exposure-rose-stands = This stands until every figure has fallen back, 30 days at most. Nobody can put it away.
exposure-rose-head = Rose
exposure-rose-word = rose
exposure-no-bound = not bounded
exposure-history = How it came to this
exposure-history-of = One home, { $length }, nobody gives an alarm
exposure-history-words = { $n } answers so far; the table below has the newest.
exposure-history-table = The same in numbers
exposure-history-newest = The newest { $n } are shown.
exposure-when = Since
exposure-further = More
exposure-drill-link = Drill: the attacks on record, replayed against these rules
exposure-certificate-link = Certificate: what you could publish, so that everybody knows
exposure-back = Back to exposure
exposure-certificate-title = Deterrence certificate
exposure-certificate-none = No certificate would be made now.
exposure-certificate-draft = Draft, not signed
exposure-certificate-says = Whoever takes { $homes } for { $length } gets at most
exposure-certificate-of-all = of everything held
exposure-certificate-figures = What the certificate would say
exposure-certificate-includes = Whatever they do: waiting, changing the rules, keys and recovery included, and even if nobody gives an alarm.
exposure-certificate-lifetime = Valid for
exposure-certificate-policy = Of the policy
exposure-certificate-make = Sign it
exposure-certificate-elsewhere = A certificate is signed on another machine: the key is not on this server. There, with the same policy files:
exposure-certificate-print = This page can be printed.
exposure-drill-title = Drill on real attacks
exposure-drill-lead = { $replayed } of the { $rows } attacks on public record, replayed one by one against the rules in force, each with full vaults.
exposure-drill-wallet = a wallet that a phone and a password open
exposure-drill-case = If
exposure-drill-lost = Lost in all
exposure-drill-totals = Lost in all attacks together
exposure-drill-held = The vaults hold
exposure-drill-caution = Totals compare rules with each other; they are no forecast.
exposure-drill-figure = Loss against the time that people are held, with every attack as a point. The report below says the same in words.
exposure-drill-report = Report
