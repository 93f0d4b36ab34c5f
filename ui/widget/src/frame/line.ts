// One WebSocket after the other. In: frames to send. Out: frames received, and the state of the line.
import { FINAL, TAKEN_OVER, TOO_MUCH, type ServerFrame } from "./protocol";
import type { Line as LineState } from "./state";

const QUIET_S = 25;
const LOST_S = 45;
const LONGEST_WAIT_S = 30;

export interface LineEvents {
  opened(): void;
  heard(frame: ServerFrame): void;
  changed(state: LineState, retryAt: number): void;
}

export class Line {
  #socket: WebSocket | null = null;
  #tries = 0;
  #heardAt = 0;
  #retry = 0;
  #pulse = 0;
  #retryIn: number | null = null;

  constructor(
    private readonly url: string,
    private readonly events: LineEvents,
  ) {
    addEventListener("online", () => this.open());
    addEventListener("offline", () => this.#drop());
  }

  /** Connect now; nothing happens when the line is already open or opening. */
  open(): void {
    if (this.#socket) return;
    clearTimeout(this.#retry);
    this.events.changed("connecting", 0);
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    this.#heardAt = Date.now();
    this.#pulse = window.setInterval(() => this.#beat(), QUIET_S * 1000);
    socket.onopen = () => this.events.opened();
    socket.onmessage = (event) => this.#hear(JSON.parse(event.data as string) as ServerFrame);
    socket.onclose = (event) => {
      if (this.#socket === socket) this.#closed(event.code);
    };
  }

  /** Give up this socket and come back at once, to resume. */
  reopen(): void {
    this.#drop(0);
  }

  /** Send one frame; false when there is no line, in which case the frame is forgotten. */
  send(frame: object): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #hear(frame: ServerFrame): void {
    this.#heardAt = Date.now();
    if (frame.type === "welcome") this.#tries = 0;
    if (frame.type === "bye") this.#retryIn = frame.retry_in;
    if (frame.type === "error" && frame.fatal) this.#retryIn = frame.retry_after ?? null;
    this.events.heard(frame);
  }

  /** A line that is half open looks alive: ask, and drop it when nothing comes back. */
  #beat(): void {
    if (Date.now() - this.#heardAt > LOST_S * 1000) this.#drop();
    else this.send({ type: "ping", t: Date.now() });
  }

  #drop(retryIn: number | null = null): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#retryIn = retryIn;
    this.#closed(0);
    socket.close();
  }

  #closed(code: number): void {
    this.#socket = null;
    clearInterval(this.#pulse);
    if (FINAL.includes(code)) return this.events.changed("refused", 0);
    if (code === TAKEN_OVER) return this.events.changed("elsewhere", 0);
    const named = this.#retryIn;
    this.#retryIn = null;
    if (!navigator.onLine) return this.events.changed("offline", 0);
    const longest = code === TOO_MUCH ? LONGEST_WAIT_S : Math.min(LONGEST_WAIT_S, 2 ** this.#tries);
    this.#tries += 1;
    // jitter on top of the server's wish too, so that a thousand tabs do not come back in one second
    const waitS = (named ?? longest * Math.random()) + Math.random() * 0.5;
    this.#retry = window.setTimeout(() => this.open(), waitS * 1000);
    this.events.changed("waiting", Date.now() + waitS * 1000);
  }
}
