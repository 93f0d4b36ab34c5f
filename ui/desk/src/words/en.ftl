# Words of the desk, English. The order follows the screen from left to right.

## Log in
log-in-title = Welcome to the desk
log-in-lead = One queue for every channel. Log in to take work.
log-in-again = You were logged out. Log in again; drafts are kept.
log-in-login = Login
log-in-password = Password
log-in-go = Log in
log-in-busy = Logging in…
unreachable = The router cannot be reached
unreachable-text = Check your connection. Nothing you wrote is lost.
connection-lost = Connection lost. Trying again; what you see may be out of date.

## Rail
presence = Presence
presence-available = Available
presence-busy = Busy
presence-away = Away
presence-offline = Offline
presence-since = for { $span }
presence-all-channels = all channels
presence-some-channels = { $n ->
    [one] 1 channel
   *[other] { $n } channels
  }
presence-channels = Channels I take work from
presence-reason = Reason
presence-reason-none = No reason given
presence-reason-lunch = Lunch
presence-reason-meeting = Meeting
presence-reason-training = Training
presence-reason-paperwork = Paperwork
capacity-words = { $used } of { $units } units, { $claims ->
    [one] 1 conversation
   *[other] { $claims } conversations
  }
capacity-short = { $used } of { $units } units
absence = Away from … to …
absence-from = Away from
absence-to = to
absence-plan = Announce
absence-planned = Away from { $since } to { $until }
absence-open = Away from { $since }
absence-from-time = away from { $since }
absence-cancel = Take back
class-chat = Chat
class-email = E-mail
class-phone = Phone
class-marketplace = Marketplace
views = Views
view-mine = Mine
view-waiting = Waiting
view-open = Open
view-resolved = Resolved
view-all = Everything
queues = Queues
queue-oldest = Longest wait
queue-counters = { $waiting } waiting, { $claimed } in work
watch-alarms = { $n ->
    [0] Nothing calls
    [one] 1 alarm
   *[other] { $n } alarms
  }
watch-incident = Incident: { $name } ({ $n })
health-here = { $here } of { $all } available
health-well = All well
health-trouble = { $n } in trouble
health-next-try = next try in { $span }
calls-refused = { $n ->
    [one] 1 call refused, at { $since }
   *[other] { $n } calls refused since { $since }, the last at { $last }
  }
calls-taken = a genuine one was taken at { $at }
calls-none-taken = none was ever taken
calls-stray = Calls for accounts that do not exist
health-starting = Starting
health-ok = Well
health-degraded = Degraded
health-down = Down
health-auth-needed = Log-in refused
health-paused = Paused
health-failed = Failed
tool-theme = Colours: { $theme ->
    [light] light
    [dark] dark
   *[auto] as the system
  }
tool-language = 切换到中文
tool-sound = Sound for new offers
tool-keys = Keyboard map
tool-leave = Log out
menu = Menu

## List
conversations = Conversations
list-count = { $more ->
    [0] { $n }
   *[other] { $n }+
  }
search = Search
filter-channel = Channel
filter-all-channels = All channels
clock-title = Time left to answer
clock-paused = paused
clock-paused-title = The promise rests
clock-late = { $span } late
unread = { $n } unread
typing = typing…
chip-failed = { $n ->
    [one] not delivered
   *[other] { $n } not delivered
  }
chip-boost = ahead { $span }
chip-boost-title = Priority: stands this much further ahead in line
chip-rule-title = The rule that matched
chip-owner = { $name }
chip-offered = offered to { $name }
chip-required = Required skill
chip-preferred = Preferred skill
loading = Loading
list-failed = The list could not be read
try-again = Try again
empty-mine = Nothing on your desk
empty-mine-text = When you are available, work is offered to you here.
empty-waiting = Nobody is waiting
empty-waiting-text = Every customer has somebody to talk to.
empty-open = No open conversations
empty-open-text = Everything is resolved.
empty-resolved = Nothing resolved yet
empty-resolved-text = Resolved conversations are kept here.
empty-all = No conversations yet
empty-all-text = The first message of a customer opens one.
empty-search = Nothing found
empty-search-text = Try another word, or another channel.

## Offers
offers = Offers
offer-of = Offer: { $name }
offer-accept = Accept
offer-decline = Decline
offer-waited = waited { $span }
wrap-up-of = After-call work: { $name }
wrap-up-done = Done
offer-gone = { $state ->
    [expired] The offer of { $name } ran out and went on.
   *[other] The offer of { $name } was taken back.
  }
title-offer = ● New offer

## Conversation
nothing-open = No conversation open
nothing-open-text = Choose one from the list, or press Ctrl+K to go anywhere.
back = Back to the list
state-mine = With me
state-claimed = With { $name }
state-offered = Being offered
state-waiting = Waiting
state-resolved = Resolved
state-done = Resolved
due-in = answer within { $span }
due-late = answer { $span } late
act-claim = Take it
act-pause = Pause
act-thaw = Go on
paused-for = Paused: { $reason }
nudge-nudged = The customer has waited { $span } for your answer.
nudge-escalated = The customer has waited { $span }. Your supervisor has been told; soon it goes back in line.
act-put-back = Put back
act-transfer = Hand over
act-resolve = Resolve
timeline = Messages
timeline-failed = The messages could not be read
to-end = Newest messages ↓
new-message = New message from { $name }: { $text }
typing-who = { $name } is typing
day-today = Today
day-yesterday = Yesterday
quoted = Quoted text
original = Download the original
guest = not proven to be the customer
note-mark = note, internal
automatic-reply = automatic reply
automatic-bulk = mass mail
automatic-report = delivery report
role-customer = Customer
role-agent = Agent
role-shop = Shop
role-bot = Bot
role-system = System
role-operator = Operator
role-mediator = Mediator
role-other = Somebody
block-image = Picture
block-file = File
block-audio = Voice message
block-video = Video
block-location = Location
block-contact = Contact card
block-order_card = Order
block-product_card = Product
block-coupon_card = Coupon
block-choice = Choice
block-form = Form
block-call = Call
block-unsupported = This kind of message cannot be shown here
mail-of = Mail from { $name }
mail-remote = { $n ->
    [one] 1 picture from elsewhere was not loaded.
   *[other] { $n } pictures from elsewhere were not loaded.
  }
attachments = Files
attachment-unnamed = unnamed file
event-message = Message
event-opened = Conversation opened
event-assigned = Taken by { $name }
event-claimed = Taken by { $name }
event-put-back = { $name } put it back
event-came-back = { $reason ->
    [absent] Back in line: { $holder } is away, and an answer has been owed for { $silent }.
   *[other] Back in line: { $holder } did not answer for { $silent }.
  }
came-back-replied = The customer last heard from us at { $at }.
came-back-silent = The customer has not been answered yet.
event-prioritised = { $name } moved it { $boost } ahead: { $reason }
event-paused = { $name } paused it: { $reason }
event-thawed = { $name } let it go on
event-transferred = { $name } handed it over
event-thread-state = The customer ended the chat
event-resolved = Resolved by { $name }
event-platform-state = The platform changed the state of this thread
event-recall = A message that has not arrived was recalled
event-edit = A message that has not arrived was edited
event-reaction = Somebody reacted to a message that has not arrived
event-assignment = The platform assigned this thread
event-system = Notice of the platform
recalled = Recalled { $at }
recalled-show = Show what it said
edited = Edited { $at }
edited-show = Show what it said before
sent-outside = sent elsewhere
reactions = Reactions
read-again = Read it again
card-order_id = Order
card-product_id = Product
card-code = Code
card-status = Status
card-price = Price
card-amount = Amount
card-quantity = Quantity
thread-blocked = Nothing can be sent: { $reason }
thread-closes = closes in { $span }
thread-closed = closed by the platform
turn-shop = the platform waits for the shop
turn-customer = the platform waits for the customer
turn-nobody = the platform waits for nobody

## Calls and tasks
call-inbound-answered = Answered call
call-inbound-missed = Missed call
call-inbound-abandoned = Caller gave up
call-inbound-busy = Called while busy
call-inbound-voicemail = Voicemail
call-inbound-failed = Call failed
call-inbound-rejected = Call refused
call-outbound-answered = We called
call-outbound-missed = We called, nobody answered
call-outbound-busy = We called, the line was busy
call-outbound-voicemail = We called, reached the voicemail
call-outbound-failed = We called, it failed
call-outbound-rejected = We called, it was refused
call-state-ringing = Ringing now
call-state-queued = Waiting in the queue
call-state-talking = Talking now
call-comma = { ", " }
call-talked = talked { $span }
call-rang = rang { $span }
call-with = with { $agent }
call-offered = offered to { $agents }
call-recording = Recording
call-recording-of = Recording, { $span }
call-recording-refused = recording refused
call-told-reason = Reason:
call-told-result = Result:
call-told-note = Note:
call-promised = Promised until { $at }
tasks = To be done
task-call_back = Call back
task-follow_up = Follow up
task-new = New call back
task-number = Number
task-reason = What is it about?
task-script = What to say
task-due-at = Due
task-best-begin = Best from
task-best-end = Best until
task-limit = Tries (0: no limit)
task-keep = Keep
task-kept = Kept until it is due
task-counter = called { $n } times
task-missed = last { $span } ago
task-due = due { $at }
task-best-between = best { $from } to { $until }
task-best-from = best from { $at }
task-best-until = best until { $at }
task-tries = { $n ->
    [one] 1 try
   *[other] { $n } tries
  }
task-tries-of = try { $n } of { $limit } done
task-is-calling = the phone is ringing
task-call-failed = could not call: { $detail }
task-call = Call
task-calling = Your phone rings first
task-reached = Reached
task-finished = Done
task-not-reached = Not reached
task-close = Close with a reason
task-done = Done
task-tried = The try is counted
task-ask-line = Your line, which rings first
task-ask-reason = Why is nothing more needed?
task-ended-answered = the customer was spoken to
task-ended-reached = the customer was reached
task-ended-attempts = tried often enough
task-ended-too_late = its time was over
task-ended-called_again = the customer called again
task-ended-corrected = the call asked for nothing
event-task-made = { $name } will { $task ->
    [follow_up] follow up
   *[other] call back
  }: { $reason }
event-task-due = Due now: { $task ->
    [follow_up] follow up
   *[other] call back
  }
event-task-closed = { $task ->
    [follow_up] Follow-up
   *[other] Call back
  } closed: { $reason }
entry-new = Enter a call by hand
entry-account = Account
entry-choose = Choose
entry-keep = Keep
entry-kept = Entered
entry-nowhere = No channel here takes entries by hand.

## Delivery
delivery-queued = to be sent
delivery-sending = being sent
delivery-unknown = may not have arrived
delivery-held = held by the provider
delivery-accepted = sent
delivery-delivered = delivered
delivery-read = read
delivery-failed = not sent
delivery-bounced = came back
delivery-expired = given up
delivery-attempts = after { $n } tries
delivery-next-try = next try in { $span }
delivery-part = part { $number } of { $count }
delivery-waits-for = it waits for part { $part }
delivery-has-parts = Taken by the provider: part { $parts } of { $count }.
delivery-has-none = No part is known to have arrived.
refused-part = the part refused: { $part }
instead = Instead: { $ways }
instead-template = an approved text
instead-call_back = call the customer
resend = Send again
resend-unknown = It may have arrived already; sending again keeps the same id, so most systems show it once.
resend-failed = Sends the same message again under the same id.
resend-expired = { resend-failed }
resend-parts = Sends the missing part and all behind it, under the same ids.
arrived = It arrived
arrived-why = You have seen it where the customer reads: it counts as sent, and what waits for it goes out.

## Composer
composer = Answer
mode-reply = Reply
mode-note = Note
reply-to = to { $name }
reply-via = by { $channel } · { $account }
reply-field = Reply to { $name }
reply-placeholder = Write to the customer…
note-for = only colleagues read this
note-field = Internal note
note-placeholder = Write for your colleagues…
note-kept = Note kept
keep-note = Keep note
send = Send
send-now = Send now
send-hint = Ctrl+Enter
sending = Sending:
undo = Undo
draft-clean = { "" }
draft-changed = …
draft-saved = Draft saved
draft-failed = Draft not saved yet
attach = Attach files
attach-none = This channel takes no files
attach-too-large = over { $size }, more than this channel takes
attach-too-many = { $n } files go with a reply at most
attach-uploading = Uploading { $name }
attach-remove = Remove { $name }
attached = Attached files
blocked-resolved = This conversation is resolved. A new message of the customer opens it again.
blocked-colleague = { $name } is answering here. You can add a note.
blocked-offered = This is being offered right now.
blocked-waiting = Take this conversation to answer it.
readers = Who reads the answer
read-by = read by { $readers }
also-to = also to: { $reader }
opens-again = again from { $at }
open-until = open until { $at }
sends-left = { $n } more may be sent
templates = Approved texts ({ $n })
templates-none = The platform offers no approved text here.
template-send = Send this text
done-resolved = Resolved
done-put-back = Put back in line with its age
done-transferred = Handed over

## Dialogs
cancel = Cancel
close = Close
resolve-title = Resolve conversation
resolve-reason = How did it end?
resolve-solved = Solved
resolve-answered = Question answered
resolve-no-answer = Customer no longer answers
resolve-duplicate = Duplicate of another conversation
resolve-spam = Not a customer matter
pause-title = Pause the resolution
pause-text = Its promise rests until you let it go on. Answers stay due.
pause-reason = What does it wait for?
watch-title = Watch
alarms = What calls for somebody
alarms-none = Nothing. Every customer is looked after.
alarm-open = Open the conversation
incidents = Incidents
incidents-none = The rules declare no incident.
incident-look = What would it change?
incident-start = Switch on
incident-end = Switch off
incident-left = { $span } left
incident-lasts = Ends after
incident-lasts-rules = as the rules say
incident-overflow = New work of { $queue } goes to { $to } ({ $n } waiting there now)
incident-relax = { $skill } is not asked for ({ $n } waiting ask for it now)
incident-reserve = Everybody keeps { $units } units free for { $queue }
incident-until = Ends by itself { $at }
put-back-title = Put back in line
put-back-text = It keeps its age, so it stands where it would have stood.
put-back-note = For whoever takes it next (optional)
transfer-title = Hand over
transfer-to = To
transfer-choose = Choose a queue or a colleague
transfer-queue = { $name } ({ $n } waiting)
transfer-state = Where it stands
transfer-state-hint = What is the matter, what was done?
transfer-promised = Promised
transfer-promised-hint = What was promised to the customer, until when?
transfer-next = Next step
transfer-next-hint = What should happen now?
colleagues = Colleagues
channels = Channels
house-title = The house
keys-title = Keyboard map
keys-move = Move
keys-offer = Offers and presence
keys-work = Work
keys-write = Write
keys-screen = Screen
key-next = Next conversation
key-previous = Previous conversation
key-search = Search
key-presence = Available or away
key-reply = Reply
key-note = Note
key-undo = Undo sending
key-leave = Close or leave
palette-title = Go to anything
palette-hint = Customer, queue or action…
palette-queue = { $n } waiting
palette-none = Nothing found
palette-theme = Switch light and dark

## Customer
customer-title = Customer
customer-unnamed = Unnamed customer
visitor = Visitor { $id }
proof-verified = Proven
proof-verified-text = The customer is logged in at the shop or was checked.
proof-channel = Known by channel
proof-channel-text = The channel vouches for the address.
proof-unverified = Not proven
proof-unverified-text = Anybody could have written under this name. Ask before naming orders.
fact-channel = Channel
fact-language = Language
fact-first = First message
fact-messages = Messages
related = Other conversations
related-none = None so far.
link-guest = wrote into it as a guest
link-hint = may belong together
link-continued = continued here
link-same-contact = same customer
conversation-open = open
conversation-resolved = resolved

## Orders
orders-title = Orders
orders-kinds = What to look up
orders-kind-orders = Orders
orders-kind-logistics = Parcels
orders-kind-refunds = Refunds
orders-kind-stock = Stock
orders-kind-customer = Customer
orders-search = Order number
orders-newest = Order number; empty: the newest
orders-look-up = Look up
orders-nothing = Nothing found.
orders-no-source = No shop is connected for this account.
source-late = did not answer in time.
source-failed = did not answer:
stage-pre-sale = before the sale
stage-in-sale = on its way
stage-after-sale = after the sale
order-notes = Notes on orders
order-notes-none = None so far.
note-goes-to = Kept here, and written to { $shop }.
note-stays-here = Kept here only; no shop takes notes for this account.
note-order = Order
note-kind = For which desk
note-kind-pre-sale = Pre-sale
note-kind-after-sale = After-sale
note-kind-other = Other
note-reason = Reason
note-reason-hint = Your name and the date are added
note-add = Add note
note-retry = Write again
note-state-local = Kept here only
note-state-queued = Kept here, on its way to the shop
note-state-again = Kept here; the shop is tried again at { $at }.
note-state-written = In the shop
note-state-failed = Kept here, not in the shop:
note-state-unknown = Kept here, perhaps in the shop:

## Why
why-title = Why me
why-decisions = Decisions
why-now = Right now
why-none = Nothing has been decided here yet.
why-record = The record itself
act-name-queued = Put in line
act-name-enqueued = Put in line
act-name-offered = Offered
act-name-accepted = Accepted
act-name-rejected = Declined
act-name-expired = Offer ran out
act-name-rescinded = Offer taken back
act-name-claimed = Taken
act-name-put-back = Put back
act-name-transferred = Handed over
act-name-resolved = Resolved
act-name-blocked = Waits
act-name-accepting = Being set up
act-name-cancelled = Set-up took too long
act-name-failed = Set-up failed
act-name-completed = Done
act-name-wrapping = After-call work
act-name-withdrawn = Withdrawn
act-name-away = Set away
act-name-memory-cleared = Everybody may be asked again
act-name-reprioritised = Priority changed
act-name-need-dropped = Skill given up
act-name-need-restored = Skill asked again
act-name-moved = Moved by overflow
act-name-nudged = Reminded
act-name-escalated = Supervisor told
act-name-dormant = Customer is waited for
act-name-woken = Answer owed again
act-name-clock = Promise
act-name-promise-due = Promise coming due
act-name-overflow = Overflow
act-name-incident = Incident
act-name-reachability = Nobody on shift for it
fact-queue = Queue
fact-rules = Rules
fact-rule-errors = Rules that failed
fact-needs = Skills
fact-needs-none = none asked
fact-boost = Priority
fact-boost-by = { $span } ahead
promise-first-response = First answer
promise-next-response = Next answer
promise-resolution = Resolution
promise-first-response-by = First answer due { $at }
promise-next-response-by = Next answer due { $at }
promise-resolution-by = Resolution due { $at }
promise-by = by { $at } ({ $policy })
promise-paused = paused, { $span } left ({ $policy })
promise-kept = kept ({ $policy })
promise-late = kept too late ({ $policy })
promise-ended = fell away ({ $policy })
promise-running = running ({ $policy })
need-require = { $level ->
    [0] { $skill }
   *[other] { $skill } ({ $level }+)
  }
need-prefer = { $skill } preferred
need-forbid = not { $skill }

## Times
span-s = { $n }s
span-m = { $n }m
span-h = { $n }h
span-d = { $n }d
ago-now = now

## Errors
error-unexpected = Something unexpected happened in the desk
error-offline = The router cannot be reached. Nothing was changed.
error-bad-request = The router did not understand this
error-not-logged-in = Login or password is wrong
error-forbidden = You are not allowed to do this
error-not-found = It is gone, or not yours to see
error-offer-expired = This offer is no longer open
error-stale-version = This conversation is not yours any more; your text is kept
error-capacity-exceeded = You have no capacity left for this
error-content-rejected = The channel refuses this text
error-too-large = This is too large
error-rate-limited = Too many tries; wait { $seconds } seconds
error-provider-unavailable = The provider could not do this
error-store-unavailable = The router cannot save right now; try again in { $seconds } seconds

contact-points = Addresses
point-stated = stated by the customer
point-gone = unreachable
maybe-same = May be the same person as { $name }
sign-same-order = same order { $value }
sign-same-address = same address { $value }
sign-stated-address = stated address { $value }
sign-proven = proven on both sides
sign-stated = not proven
act-same-person = Same person
act-not-the-same = Not the same
act-merge = Show as one
act-part = Separate
act-split = From here on, a conversation of its own
act-recall = Take back
merged-by-proof = proof
merged-contact = Also { $name }, by { $by }
link-merged = shown here
answers-by = answers to
door = { $address } by { $channel } · { $account }
done-same-person = Shown as one person. It can be undone here.
done-not-the-same = Kept apart. Nobody is asked about these two again.
done-merged = Shown as one conversation.
done-split = Split off into a conversation of its own.
done-undone = Undone.
event-contacts-merged = { $name } joined the contact { $contact }
event-contacts-parted = { $name } parted the contact { $contact }
event-conversations-merged = { $name } joined the conversation { $subject }
event-conversations-parted = { $name } separated the conversation { $subject }
event-split = { $name } split off a conversation
