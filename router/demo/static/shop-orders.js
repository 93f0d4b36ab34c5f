// The orders' page: fetches the notes every second and shows each with its order.
const EVERY_MS = 1000;
const status = document.getElementById("status");
let shown = "";

const element = (name, className, text) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

const card = (note) => {
  const made = element("div", `note ${note.colour}`);
  made.append(element("p", "head", `${note.shop}${note.colour ? `, ${note.colour}` : ""}`), element("p", "text", note.text));
  return made;
};

const refresh = async () => {
  const text = await (await fetch("/demo/shop-orders/notes")).text();
  if (text === shown) return;
  shown = text;
  for (const place of document.querySelectorAll("[data-order]")) place.replaceChildren();
  for (const note of JSON.parse(text).notes) {
    document.querySelector(`[data-order="${note.order}"]`)?.append(card(note));
  }
};

const watch = async () => {
  try {
    await refresh();
  } catch {
    status.textContent = "The demo does not answer any more.";
  }
  setTimeout(watch, EVERY_MS);
};

watch();
