// The state of the line, only when there is something to know.
import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import type { Conversation } from "./conversation";
import { line, retryAt } from "./state";
import { say } from "./words";

const BLIP_MS = 800;

export function Banner({ conversation }: { conversation: Conversation }) {
  const now = useSignal(Date.now());
  const isSlow = useSignal(false);
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 500);
    return () => clearInterval(timer);
  }, [now]);
  const state = line.value;
  useEffect(() => {
    // a connection that comes up at once needs no words
    isSlow.value = false;
    const timer = setTimeout(() => (isSlow.value = true), BLIP_MS);
    return () => clearTimeout(timer);
  }, [state, isSlow]);
  if (state === "open" || (state === "connecting" && !isSlow.value)) return <div role="status" />;
  const seconds = Math.max(1, Math.ceil((retryAt.value - now.value) / 1000));
  const again = state === "waiting" ? "try-now" : state === "elsewhere" ? "use-here" : "";
  return (
    <div class="banner" role="status">
      {/* the seconds tick for the eye; read aloud they would never stop */}
      <span aria-live={state === "waiting" ? "off" : undefined}>{say(state, { seconds })}</span>
      {again && (
        <button type="button" onClick={() => conversation.connect()}>
          {say(again)}
        </button>
      )}
    </div>
  );
}
