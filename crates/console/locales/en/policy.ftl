policy-title = Policy
policy-lead = These are the rules in force. They name groups, not people; who belongs to a group, and who lives where, is in the register, which only auditors and responders read.
policy-no-sentences = No rules are in force.
policy-files = The files
policy-files-lead = What the sentences above are made from, as it was put in force.
policy-no-files = There is no file with rules only: here rules and register are one file, which auditors and responders read.
policy-change = Change the rules
policy-change-lead = Anybody may propose a change. Before it is proposed you see what it tightens, what it loosens, and what it does to exposure.
policy-edit-link = Edit the files
policy-register-link = Register
policy-hash = Fingerprint
policy-hash-hint = Of rules and register together. The same fingerprint is the same policy, to the letter.
policy-pending = Changes under way
policy-none-pending = Nothing is about to change the rules.
policy-change-of = Change proposed on
policy-yours = You proposed it.
policy-lapses = In force. It lapses unless somebody from another home confirms it:
policy-ready = Takes effect unless somebody ends it:
policy-wants-approvals = It still wants approvals.
policy-tightens = tightens
policy-loosens = loosens
policy-mixed = tightens and loosens
policy-equal = same rights
policy-edit-title = Edit the policy
policy-edit-lead = Change the text, then look at the preview. Nothing is proposed before you have seen what it would do.
policy-others-stay = You see the files with rules only. The register stays as it is; what you propose is the rules below, together with the register in force.
policy-preview-button = Preview
policy-start-again = Start again from what is in force
policy-leave = Leave without proposing
policy-preview-hint = The preview proposes nothing and nobody hears of it.
policy-preview-title = Preview of a change
policy-no-preview = There is no preview of this.
policy-no-preview-next = Your text is below, as you sent it. Correct it, or wait a moment and look again.
policy-texts = Go on editing
policy-errors = { $n ->
    [one] There is one error.
   *[other] There are { $n } errors.
}
policy-errors-next = These files are not a policy yet. Mend what is marked below, then look at the preview again.
policy-warnings = { $n ->
    [one] One warning: legal, but dangerous or useless. It stands below.
   *[other] { $n } warnings: legal, but dangerous or useless. They stand below.
}
policy-warnings-here = { $n ->
    [one] One warning
   *[other] { $n } warnings
}
policy-unchanged = This is what is in force: there is nothing to propose yet.
policy-follows-tightens = It only takes rights away or adds safeguards. It takes effect as soon as those agree who may tighten.
policy-follows-loosens = It allows more, or takes a safeguard away. It needs its approvals and a long wait; everybody who may end it is told.
policy-follows-mixed = It allows more in some respects and less in others. It counts as loosening: approvals, a long wait, and everybody who may end it is told.
policy-follows-equal = Nobody may do more or less than now: names or order change. It takes effect as soon as those agree who may tighten.
policy-place = line { $line }, column { $column }
policy-error = error
policy-warning = warning
policy-differences = What would be different
policy-no-differences = Nobody may do more or less than now.
policy-exposure = Exposure before and after
policy-after-unbounded = With this change nothing would bound the loss any more.
policy-before-unbounded = Now nothing bounds the loss; with this change something does.
policy-figure = Taken, for how long
policy-in-force = Now
policy-with-change = With the change
policy-effect = Effect
policy-rises = rises
policy-falls = falls
policy-same = the same
policy-bounded-now = bounded now
policy-unbounded = not bounded
policy-others-rise = { $n ->
    [one] One more figure rises
   *[other] { $n } more figures rise
}
policy-others-none-rise = Other figures fall; none rises
policy-others-same = All other figures stay as they are.
policy-others = Other figures that change
policy-propose = Propose this change
policy-propose-title = Propose it
policy-propose-at-once = Your device signs exactly the files of this preview. If your own agreement is enough, they are in force at once; if you tighten alone, somebody from another home must confirm it.
policy-propose-waits = Your device signs exactly the files of this preview. Then others approve, the wait runs, and one person can end it.
policy-propose-exactly = If you go on editing below, look at the preview again: what is proposed is what was previewed.
