// The marketplaces' page: fetches all chats every second, shows them by shop, does what buyers and platforms do.
const EVERY_MS = 1000;
const shops = document.getElementById("shops");
const form = document.getElementById("write");
const status = document.getElementById("status");
const leaveButton = document.getElementById("leave");
let answered = null;
let shown = "";

const element = (name, className, text) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

const button = (text, act) => {
  const made = element("button", "", text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
};

const post = async (path, own) => {
  const reply = await fetch(`/demo/marketplace/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(own),
  });
  const found = await reply.json();
  if (!reply.ok) throw new Error(found.error ?? reply.status);
  await refresh();
  return found;
};

const say = async (words, act) => {
  status.textContent = "Sending…";
  try {
    await act();
    status.textContent = words;
  } catch (error) {
    status.textContent = `Not done: ${error.message}`;
  }
};

const writeIn = (shop, chat) => {
  answered = { account: shop.account, chat: chat.id };
  document.getElementById("form-title").textContent = `Write as ${chat.name}, ${shop.title}`;
  document.getElementById("shop-choice").hidden = true;
  document.getElementById("name-choice").hidden = true;
  leaveButton.hidden = false;
  form.elements.account.value = shop.account;
  form.elements.text.focus();
};

const leave = () => {
  answered = null;
  document.getElementById("form-title").textContent = "Begin a chat";
  document.getElementById("shop-choice").hidden = false;
  document.getElementById("name-choice").hidden = false;
  leaveButton.hidden = true;
};

const STATES = {
  held: "held by the platform: the buyer does not see it",
  recalled: "taken back: nobody sees it any more",
};

const bubble = (shop, chat, message) => {
  const made = element("article", `letter ${message.author === "shop" ? "received" : "sent"} ${message.state}`);
  const who = { customer: chat.name, shop: "Shop", system: shop.title }[message.author];
  const head = element("p", "head");
  const time = element("time", "", new Date(message.at).toLocaleTimeString());
  time.dateTime = message.at;
  head.append(element("strong", "", who), " ", time, " ", STATES[message.state] ?? "");
  made.append(head, element("p", "text", message.text));
  const act = { account: shop.account, message: message.id };
  if (message.author === "customer" && message.state === "sent") {
    made.append(button("Take back", () => say("Taken back.", () => post("acts", { ...act, act: "take_back" }))));
  }
  if (message.state === "held") {
    made.append(button("Let it through", () => say("Let through.", () => post("acts", { ...act, act: "let_go" }))));
  }
  return made;
};

const card = (shop, chat) => {
  const made = element("li", "thread");
  const title = element("h3", "", chat.name);
  title.append(" ", element("span", "number", chat.id));
  made.append(title, ...chat.messages.map((message) => bubble(shop, chat, message)));
  const last = element("p", "buttons");
  last.append(button("Write in this chat", () => writeIn(shop, chat)));
  made.append(last);
  return made;
};

const section = (shop) => {
  const made = element("section");
  const list = element("ol", "threads");
  list.append(...shop.chats.toReversed().map((chat) => card(shop, chat)));
  made.append(element("h2", "", shop.title), list);
  return made;
};

const refresh = async () => {
  const text = await (await fetch("/demo/marketplace/chats")).text();
  if (text === shown) return;
  shown = text;
  const open = JSON.parse(text).shops.filter((shop) => shop.chats.length);
  if (open.length) shops.replaceChildren(...open.map(section));
};

const watch = async () => {
  try {
    await refresh();
  } catch {
    status.textContent = "The demo does not answer any more.";
  }
  setTimeout(watch, EVERY_MS);
};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { account, name, text, order } = form.elements;
  const own = { account: account.value, name: name.value, text: text.value, order: order.value, ...answered };
  say("Sent, and the router took the push.", async () => {
    await post("messages", own);
    text.value = "";
    order.value = "";
  });
});
document.getElementById("hold").addEventListener("click", () => {
  const account = form.elements.account.value;
  const title = form.elements.account.selectedOptions[0].textContent;
  say(`${title} holds the shop's next message.`, () => post("acts", { account, act: "hold_next" }));
});
leaveButton.addEventListener("click", leave);
watch();
