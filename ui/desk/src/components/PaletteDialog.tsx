/** Ctrl+K: go to any conversation, queue or act by typing a few letters. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Conversation } from "../api/types";
import { setPresence } from "../store/account";
import { rememberQuietly } from "../store/conversations";
import { queues } from "../store/house";
import { go, openView } from "../store/navigation";
import { theme } from "../store/preferences";
import { closeDialog, dialog } from "../store/screen";
import { queueName } from "../format";
import { KEYS } from "../keys";
import { customerName } from "../names";
import { locale, setLocale, t } from "../words";
import { DialogFrame } from "./DialogFrame";
import { Icon, type IconName, channelIcon } from "./Icon";
import { keySign } from "./KeysDialog";

const ASK_AFTER_MS = 150;
const SHOWN = 12;

interface Entry {
  id: string;
  icon: IconName;
  title: string;
  detail: string;
  act: () => void;
}

function actEntries(): Entry[] {
  const keyed = KEYS.filter((key) => key.group !== "move" || key.word.startsWith("view-")).map((key) => ({
    id: key.word,
    icon: "keys" as const,
    title: t(key.word),
    detail: keySign(key.keys[0] ?? ""),
    act: key.act,
  }));
  const presence = (["available", "busy", "away"] as const).map((state) => ({
    id: `presence ${state}`,
    icon: "mine" as const,
    title: `${t("presence")}: ${t(`presence-${state}`)}`,
    detail: "",
    act: () => void setPresence(state),
  }));
  return [
    ...keyed,
    ...presence,
    {
      id: "theme",
      icon: "theme",
      title: t("palette-theme"),
      detail: "",
      act: () => (theme.value = matchMedia("(prefers-color-scheme: dark)").matches !== (theme.value === "auto") ? "dark" : "light"),
    },
    {
      id: "language",
      icon: "language",
      title: t("tool-language"),
      detail: "",
      act: () => setLocale(locale.value === "en" ? "zh-CN" : "en"),
    },
  ];
}

function queueEntries(): Entry[] {
  return queues.value.map((queue) => ({
    id: `queue ${queue.name}`,
    icon: "queue",
    title: queueName(queue.name),
    detail: t("palette-queue", { n: queue.waiting + queue.offered }),
    act: () => openView("waiting", queue.name),
  }));
}

function conversationEntries(found: readonly Conversation[]): Entry[] {
  return found.map((conversation) => ({
    id: conversation.id,
    icon: channelIcon(conversation.marketplace ? "marketplace" : conversation.channel),
    title: customerName(conversation.contact),
    detail: conversation.subject || conversation.preview,
    act: () => go({ view: "all", queue: "", conversationId: conversation.id }),
  }));
}

function useFound(text: string): readonly Conversation[] {
  const [found, setFound] = useState<readonly Conversation[]>([]);
  useEffect(() => {
    const timer = setTimeout(async () => {
      const page = await api.conversations({ view: "all", q: text, limit: 8 }).catch(() => null);
      if (!page) return;
      rememberQuietly(page.conversations);
      setFound(page.conversations);
    }, ASK_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return found;
}

export function PaletteDialog() {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const found = useFound(text.trim());
  const wanted = text.trim().toLocaleLowerCase();
  const matches = [...queueEntries(), ...actEntries()].filter((entry) => entry.title.toLocaleLowerCase().includes(wanted));
  const entries = [...conversationEntries(found).slice(0, wanted ? 8 : 4), ...matches].slice(0, SHOWN);
  const index = Math.min(chosen, entries.length - 1);

  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    closeDialog();
    // An act may open a dialog of its own, so it runs once this one is gone.
    queueMicrotask(entry.act);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") setChosen(Math.min(entries.length - 1, index + 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(0, index - 1));
    else if (event.key === "Enter") run(entries[index]);
    else return;
    event.preventDefault();
  };
  if (dialog.value !== "palette") return null;
  return (
    <DialogFrame title={t("palette-title")} isBare>
      <label class="palette-field">
        <Icon name="search" />
        <input
          autofocus
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-entries"
          aria-activedescendant={entries[index] ? `palette-${index}` : undefined}
          aria-label={t("palette-title")}
          placeholder={t("palette-hint")}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setChosen(0);
          }}
          onKeyDown={onKeyDown}
        />
      </label>
      <ul class="palette-entries" id="palette-entries" role="listbox" aria-label={t("palette-title")}>
        {entries.map((entry, position) => (
          <li
            key={entry.id}
            id={`palette-${position}`}
            role="option"
            aria-selected={position === index}
            onMouseMove={() => setChosen(position)}
            onClick={() => run(entry)}
          >
            <Icon name={entry.icon} size={16} />
            <span class="palette-title">{entry.title}</span>
            <span class="quiet palette-detail">{entry.detail}</span>
          </li>
        ))}
      </ul>
      {entries.length === 0 && <p class="quiet palette-none">{t("palette-none")}</p>}
    </DialogFrame>
  );
}
