// The phone page: lets calls happen and shows, every second, those the phone system has told of.
const EVERY_MS = 1000;
const calls = document.getElementById("calls");
const form = document.getElementById("call");
const status = document.getElementById("status");
let shown = "";

const WORDS = {
  missed: "called, nobody answered",
  voicemail: "called and left a message",
  answered: "called and was answered",
  called_back: "was called back and answered",
};
const WAYS = { post: "told by a signed post", file: "told by a row in the file of records" };

const element = (name, className, text) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

const card = (call) => {
  const made = element("li", "thread");
  const title = element("h3", "", `${call.customer} ${WORDS[call.outcome]}`);
  const time = element("time", "", new Date(call.at).toLocaleTimeString());
  time.dateTime = call.at;
  const head = element("p", "head");
  head.append(time, ` ${WAYS[call.way]}`);
  made.append(title, head);
  return made;
};

const refresh = async () => {
  const text = await (await fetch("/demo/phone/calls")).text();
  if (text === shown) return;
  shown = text;
  const found = JSON.parse(text).calls;
  document.getElementById("empty").hidden = found.length > 0;
  calls.replaceChildren(...found.map(card));
};

const watch = async () => {
  try {
    await refresh();
  } catch {
    status.textContent = "The demo does not answer any more.";
  }
  setTimeout(watch, EVERY_MS);
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const own = Object.fromEntries(["customer", "outcome", "way"].map((name) => [name, form.elements[name].value]));
  status.textContent = "Calling…";
  try {
    const reply = await fetch("/demo/phone/calls", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(own),
    });
    status.textContent = reply.ok
      ? own.way === "post" ? "The router took the post." : "Written; the router reads the file every half second."
      : `Not done: ${(await reply.json()).error ?? reply.status}`;
    await refresh();
  } catch {
    status.textContent = "The demo does not answer any more.";
  }
});
watch();
