/** The key map: what every key does, as one table that both the keyboard and the help page read. */
import { agent, setPresence } from "./store/account";
import { composerOf, undoReply } from "./store/composer";
import { canClaim, conversationSignal, isMine } from "./store/conversations";
import { list } from "./store/lists";
import { closeConversation, conversationId, openConversation, openView } from "./store/navigation";
import { acceptOffer, offers, rejectOffer } from "./store/offers";
import { closeDialog, dialog, focusOn, isRailOpen, openDialog, side, toggleSide } from "./store/screen";
import { supervises } from "./store/supervision";
import { claim } from "./store/work";

export interface Key {
  keys: readonly string[];
  /** Word id of what it does. */
  word: string;
  group: "move" | "offer" | "work" | "write" | "screen";
  act: () => void;
}

function move(step: number): void {
  const ids = list.value.ids.value;
  const index = ids.indexOf(conversationId.value);
  const next = ids[index < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, index + step))];
  if (next) openConversation(next);
}

function withOpen(act: (id: string) => void): void {
  if (conversationId.value) act(conversationId.value);
}

function withOwn(act: (id: string) => void): void {
  withOpen((id) => {
    if (isMine(conversationSignal(id).value)) act(id);
  });
}

function write(mode: "reply" | "note"): void {
  withOpen((id) => {
    composerOf(id).mode.value = mode;
    focusOn("composer");
  });
}

function leave(): void {
  if (dialog.value) closeDialog();
  else if (isRailOpen.value) isRailOpen.value = false;
  else if (side.value && matchMedia("(max-width: 1179px)").matches) side.value = null;
  else closeConversation();
}

export const KEYS: readonly Key[] = [
  { keys: ["ArrowDown", "j"], word: "key-next", group: "move", act: () => move(1) },
  { keys: ["ArrowUp", "k"], word: "key-previous", group: "move", act: () => move(-1) },
  { keys: ["/"], word: "key-search", group: "move", act: () => focusOn("search") },
  { keys: ["1"], word: "view-mine", group: "move", act: () => openView("mine") },
  { keys: ["2"], word: "view-waiting", group: "move", act: () => openView("waiting") },
  { keys: ["3"], word: "view-open", group: "move", act: () => openView("open") },
  { keys: ["4"], word: "view-resolved", group: "move", act: () => openView("resolved") },
  { keys: ["a"], word: "offer-accept", group: "offer", act: () => offers.value[0] && void acceptOffer(offers.value[0]) },
  { keys: ["d"], word: "offer-decline", group: "offer", act: () => offers.value[0] && void rejectOffer(offers.value[0]) },
  { keys: ["p"], word: "key-presence", group: "offer", act: togglePresence },
  { keys: ["c"], word: "act-claim", group: "work", act: () => withOpen(claimIfFree) },
  { keys: ["b"], word: "act-put-back", group: "work", act: () => withOwn(() => openDialog("put_back")) },
  { keys: ["t"], word: "act-transfer", group: "work", act: () => withOwn(() => openDialog("transfer")) },
  { keys: ["e"], word: "act-resolve", group: "work", act: () => withOwn(() => openDialog("resolve")) },
  { keys: ["l"], word: "task-new", group: "work", act: () => withOpen(() => openDialog("task")) },
  { keys: ["m"], word: "entry-new", group: "work", act: () => openDialog("entry") },
  { keys: ["r", "Enter"], word: "key-reply", group: "write", act: () => write("reply") },
  { keys: ["n"], word: "key-note", group: "write", act: () => write("note") },
  { keys: ["z"], word: "key-undo", group: "write", act: () => withOpen(undoReply) },
  { keys: ["y"], word: "why-title", group: "screen", act: () => toggleSide("why") },
  { keys: ["o"], word: "orders-title", group: "screen", act: () => toggleSide("orders") },
  { keys: ["i"], word: "customer-title", group: "screen", act: () => toggleSide("customer") },
  { keys: ["h"], word: "house-title", group: "screen", act: () => openDialog("house") },
  { keys: ["w"], word: "watch-title", group: "screen", act: () => supervises.value && openDialog("watch") },
  { keys: ["?"], word: "keys-title", group: "screen", act: () => openDialog("keys") },
  { keys: ["Escape"], word: "key-leave", group: "screen", act: leave },
];

function claimIfFree(id: string): void {
  if (canClaim(conversationSignal(id).value)) void claim(id);
}

function togglePresence(): void {
  void setPresence(agent.value?.presence.state === "available" ? "away" : "available");
}

const TYPING_PLACES = "input, textarea, select, [contenteditable]";
// These already answer Enter and Space themselves.
const PRESSED_PLACES = "a, button, summary, label";

function onKeyDown(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openDialog("palette");
    return;
  }
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || dialog.value || !agent.value) return;
  if (target.matches(TYPING_PLACES)) {
    if (event.key === "Escape") target.blur();
    return;
  }
  if (event.key === "Enter" && target.closest(PRESSED_PLACES) && !target.matches(".row")) return;
  const key = KEYS.find((one) => one.keys.includes(event.key.length === 1 ? event.key.toLowerCase() : event.key));
  if (!key) return;
  event.preventDefault();
  key.act();
}

export function listenToKeys(): void {
  document.addEventListener("keydown", onKeyDown);
}
