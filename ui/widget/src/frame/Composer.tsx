// Where the visitor writes. Enter sends, Shift+Enter starts a new line, a half-typed Chinese word is left alone.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Conversation } from "./conversation";
import { Send } from "./icons";
import { line, textBytes } from "./state";
import { say } from "./words";

export function Composer({ conversation }: { conversation: Conversation }) {
  const text = useSignal("");
  const box = useRef<HTMLTextAreaElement>(null);
  const left = textBytes.value - new TextEncoder().encode(text.value).length;
  const canSend = Boolean(text.value.trim()) && left >= 0;
  useLayoutEffect(() => {
    const area = box.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }, [text.value]);
  const send = () => {
    if (!canSend) return;
    conversation.say(text.value.trim());
    text.value = "";
    box.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const write = (event: Event) => {
    text.value = (event.currentTarget as HTMLTextAreaElement).value;
    if (text.value.trim()) conversation.sayTyping();
  };
  return (
    <form class="composer" onSubmit={(event) => (event.preventDefault(), send())}>
      <textarea
        ref={box}
        rows={1}
        dir="auto"
        value={text.value}
        placeholder={say("placeholder")}
        aria-label={say("message")}
        aria-invalid={left < 0}
        disabled={line.value === "refused"}
        onInput={write}
        onKeyDown={press}
      />
      {left < 500 && <output>{left}</output>}
      <button type="submit" disabled={!canSend} title={say("send")}>
        <Send />
        <span class="hidden">{say("send")}</span>
      </button>
    </form>
  );
}
