/** The desk's one sign for time: a ring that empties, green to amber to red, with anything in its middle. */
import type { ComponentChildren } from "preact";
import type { Conversation } from "../api/types";

export type Urgency = "none" | "calm" | "soon" | "late";

const RADIUS = 16;
const LENGTH = 2 * Math.PI * RADIUS;

export interface TimeLeft {
  /** 1 at the start, 0 when time is up. */
  share: number;
  leftS: number;
  urgency: Urgency;
}

/** Tell what is left of the time from `startAt` to `dueAt`. */
export function timeLeft(startAt: string, dueAt: string, nowMs: number): TimeLeft {
  const due = Date.parse(dueAt);
  const whole = Math.max(1, due - Date.parse(startAt));
  const leftS = (due - nowMs) / 1_000;
  const share = Math.min(1, Math.max(0, (due - nowMs) / whole));
  if (leftS <= 0) return { share: 1, leftS, urgency: "late" };
  return { share, leftS, urgency: share < 0.3 ? "soon" : "calm" };
}

/** Tell what is left of the time to answer, or null when it is not our turn. */
export function timeLeftOf(conversation: Conversation, nowMs: number): TimeLeft | null {
  const item = conversation.work_item;
  if (!item?.due_at || item.state === "done" || conversation.awaiting === "customer") return null;
  return timeLeft(item.eligible_since, item.due_at, nowMs);
}

interface RingProps {
  share: number;
  urgency: Urgency;
  size?: number;
  children?: ComponentChildren;
}

export function Ring({ share, urgency, size = 36, children }: RingProps) {
  return (
    <span class={`ring ring-${urgency}`} style={{ width: `${size}px`, height: `${size}px` }}>
      <svg viewBox="0 0 36 36" aria-hidden="true" focusable="false">
        <circle class="ring-track" cx="18" cy="18" r={RADIUS} />
        {urgency !== "none" && (
          <circle
            class="ring-left"
            cx="18"
            cy="18"
            r={RADIUS}
            stroke-dasharray={`${share * LENGTH} ${LENGTH}`}
            transform="rotate(-90 18 18)"
          />
        )}
      </svg>
      <span class="ring-middle">{children}</span>
    </span>
  );
}
