// The mailbox page: fetches new letters every two seconds, shows them by thread, sends what the form says.
const EVERY_MS = 2000;
const threads = document.getElementById("threads");
const form = document.getElementById("write");
const status = document.getElementById("status");
const shopAddress = document.getElementById("to").textContent;
const known = new Map();
let version = 0;
let answers = null;

const element = (name, className, text) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

const time = (at) => {
  const made = element("time", "", new Date(at).toLocaleTimeString());
  made.dateTime = at;
  return made;
};

const answer = (letter) => {
  answers = letter.number;
  form.elements.name.value = nameOf(letter);
  form.elements.address.value = letter.customer;
  form.elements.subject.value = /^re:/i.test(letter.subject) ? letter.subject : `Re: ${letter.subject}`;
  form.elements.text.value = "";
  document.getElementById("form-title").textContent = "Reply to the shop";
  document.getElementById("to").textContent = field(letter, "Reply-To") || shopAddress;
  document.getElementById("leave").hidden = false;
  form.elements.text.focus();
};

const leave = () => {
  answers = null;
  document.getElementById("form-title").textContent = "Write to the shop";
  document.getElementById("to").textContent = shopAddress;
  document.getElementById("leave").hidden = true;
};

const field = (letter, name) => letter.fields.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? "";
const nameOf = (letter) => known.get(letter.thread)?.name || letter.customer.split("@")[0];

const fileOf = (letter) => (file, place) => {
  const line = element("p", "file");
  const link = element("a", "", file.name);
  link.href = `/demo/mailbox/letters/${letter.number}/files/${place}`;
  line.append(link, ` ${file.size_bytes.toLocaleString("en")} bytes`);
  return line;
};

const show = (letter) => {
  const shown = element("article", `letter ${letter.direction}`);
  const head = element("p", "head");
  head.append(element("strong", "", letter.direction === "sent" ? `${letter.sender} wrote` : `${letter.sender} answered`), " ", time(letter.at));
  const fields = element("dl");
  for (const [name, value] of letter.fields) fields.append(element("dt", "", name), element("dd", "", value));
  const fold = element("details");
  fold.append(element("summary", "", "Header"), fields);
  shown.append(head, element("p", "subject", letter.subject), element("p", "text", letter.text), ...letter.files.map(fileOf(letter)), fold);
  if (letter.direction === "received") {
    const button = element("button", "", "Reply");
    button.type = "button";
    button.addEventListener("click", () => answer(letter));
    shown.append(button);
  }
  return shown;
};

const add = (letter) => {
  let thread = known.get(letter.thread);
  if (!thread) {
    thread = { item: element("li", "thread"), name: letter.sender.replace(/<.*/, "").replaceAll('"', "").trim() };
    thread.item.append(element("h3", "", `${letter.subject} — ${letter.customer}`));
    known.set(letter.thread, thread);
  }
  thread.item.append(show(letter));
  threads.prepend(thread.item);
};

const refresh = async () => {
  try {
    const reply = await fetch(`/demo/mailbox/letters?after=${version}`);
    const found = await reply.json();
    for (const letter of found.letters) {
      add(letter);
      version = letter.number;
    }
    document.getElementById("empty").hidden = known.size > 0;
  } catch {
    status.textContent = "The demo does not answer any more.";
  }
  setTimeout(refresh, EVERY_MS);
};

const send = async (event) => {
  event.preventDefault();
  const own = Object.fromEntries(["name", "address", "subject", "text"].map((name) => [name, form.elements[name].value]));
  status.textContent = "Sending…";
  const reply = await fetch("/demo/mailbox/letters", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...own, answers }),
  });
  if (reply.ok) {
    status.textContent = "Sent. The shop's SMTP server took it.";
    form.elements.text.value = "";
    leave();
  } else {
    status.textContent = `Not sent: ${(await reply.json()).error ?? reply.status}`;
  }
};

document.getElementById("example").addEventListener("change", (event) => {
  const chosen = event.target.selectedOptions[0].dataset;
  if (!chosen.subject) return;
  leave();
  form.elements.name.value = chosen.name;
  form.elements.subject.value = chosen.subject;
  form.elements.text.value = chosen.text.trim();
});
document.getElementById("leave").addEventListener("click", leave);
form.addEventListener("submit", send);
refresh();
