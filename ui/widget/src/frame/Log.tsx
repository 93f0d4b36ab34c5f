// The messages, oldest first, with a line for each day and the place where reading stopped.
import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Bubble } from "./Bubble";
import type { FileActs } from "./Files";
import { isOwn, messages, typing, type Message } from "./state";
import { dayOf, say } from "./words";

const TOGETHER_MS = 5 * 60_000;
const NEAR_END_PX = 80;

const isSameTurn = (one: Message | undefined, other: Message | undefined) =>
  Boolean(one && other && one.role === other.role && one.name === other.name) &&
  Math.abs(Number(other?.at) - Number(one?.at)) < TOGETHER_MS &&
  dayOf(one?.at as Date) === dayOf(other?.at as Date);

export function Log({ greeting, fetchFile }: { greeting: string; fetchFile: FileActs["fetchFile"] }) {
  const all = messages.value;
  const list = useRef<HTMLDivElement>(null);
  const isAtEnd = useSignal(true);
  const toEnd = () => list.current?.scrollTo({ top: list.current.scrollHeight });
  useLayoutEffect(() => {
    const last = all.at(-1);
    // whoever reads further up is not pulled away, except by their own words
    if (list.current && (isAtEnd.peek() || (last && isOwn(last) && last.progress === "sending"))) {
      list.current.scrollTop = list.current.scrollHeight;
    }
  }, [all, typing.value, isAtEnd]);
  useEffect(() => {
    // a banner, the rating or a screen keyboard takes room: the end stays in sight
    const box = list.current as HTMLDivElement;
    const watch = new ResizeObserver(() => isAtEnd.peek() && toEnd());
    watch.observe(box);
    return () => watch.disconnect();
  }, []);
  const files: FileActs = { fetchFile, onGrown: () => isAtEnd.peek() && toEnd() };
  const scrolled = () => {
    const box = list.current;
    if (box) isAtEnd.value = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX;
  };
  return (
    <div class="pane">
      <div class="log" ref={list} onScroll={scrolled} role="log" aria-live="polite" aria-label={say("log")} tabIndex={0}>
        <div class="hello">
          <p dir="auto">{greeting || say("greeting")}</p>
          <small>{say("promise")}</small>
        </div>
        {all.map((message, at) => (
          <Fragment key={message.key}>
            {(!at || dayOf((all[at - 1] as Message).at) !== dayOf(message.at)) && (
              <p class="day">{dayOf(message.at)}</p>
            )}
            <Bubble
              message={message}
              files={files}
              isFirst={!isSameTurn(all[at - 1], message)}
              isLast={!isSameTurn(message, all[at + 1])}
            />
          </Fragment>
        ))}
        {typing.value !== null && (
          <p class="typing">
            <i /> <i /> <i />
            <span class="hidden">{typing.value ? say("typing", { name: typing.value }) : say("typing-someone")}</span>
          </p>
        )}
      </div>
      {!isAtEnd.value && (
        <button type="button" class="to-end" onClick={toEnd}>
          {say("new-messages")}
        </button>
      )}
    </div>
  );
}
