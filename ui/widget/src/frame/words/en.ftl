title = Chat with us
greeting = Hello! How can we help?
promise = You can close this window and come back: the conversation stays here.
close = Close chat
end = End chat
message = Message
placeholder = Write a message…
send = Send
log = Messages
customer = You
shop = Shop
today = Today
yesterday = Yesterday
sending = Sending…
sent = Sent
seen = Read
failed = Not sent: { $reason ->
    [too_long] it is too long
    [rejected] the shop could not take it
   *[other] please try again
  }
typing = { $name } is writing…
typing-someone = Writing…
connecting = Connecting…
offline = No connection. What you write is sent as soon as it is back.
waiting = Connection lost. Trying again in { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
  }…
try-now = Try now
elsewhere = This chat went on in another window.
use-here = Go on here
refused = This chat cannot be opened here.
new-messages = New messages
ended = You ended this chat. Write again whenever you like.
rate = How was our help?
score = { $score } of 5
rate-comment = What could be better? (optional)
rate-send = Send rating
thanks = Thank you!
save-file = Save { $name }
file-failed = This file cannot be fetched now.
