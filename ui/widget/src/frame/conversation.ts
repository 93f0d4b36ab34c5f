// The conversation. In: server frames and what the visitor does. Out: signals for the components, frames to send.
//
// Unsent messages go one at a time and in order, each until its `ack` has come; a repeat carries the same `cid`.
import { batch } from "@preact/signals";
import { Line } from "./line";
import { Memory } from "./memory";
import type { Acked, ChatEvent, ChatFile, EventPage, Failed, ServerFrame, Welcome } from "./protocol";
import type { Site } from "./site";
import * as state from "./state";
import { locale } from "./words";

const TYPING_EVERY_MS = 3000;
const TYPING_SHOWN_MS = 6000;
const FRAME_MS = 16;
const NOTE_AFTER_MS = 150;
// a visitor may fetch only so many files at once
const FILE_AGAIN_MS = 1000;
const FINAL_REFUSALS = ["too_long", "empty", "unsupported", "rejected"];

export class Conversation {
  readonly #site: Site;
  readonly #memory: Memory;
  readonly #line: Line;
  #welcome: Welcome | null = null;
  #lastSeq = 0;
  #lastId = "";
  #gapAt = -1;
  #isSettled = false;
  #flight = "";
  #notedSeq = 0;
  #typedAt = 0;
  #typingTimer = 0;
  #noteTimer = 0;
  #arrived: state.Message[] = [];
  #facts: object | null = null;
  #page: object | null = null;
  #questions = new Map<string, { frame: object; done: () => void }>();

  constructor(site: Site) {
    this.#site = site;
    this.#memory = new Memory(site.key);
    state.readSeq.value = this.#memory.readSeq;
    state.messages.value = this.#memory.unsent.map((unsent) => ownMessage(unsent.cid, unsent.text, new Date(unsent.at)));
    const address = new URL(`/chat/v1/socket?site=${encodeURIComponent(site.key)}`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    this.#line = new Line(address.href, {
      opened: () => this.#sayHello(),
      heard: (frame) => this.#hear(frame),
      changed: (line, retryAt) => this.#lineChanged(line, retryAt),
    });
    this.#memory.watch((what) => this.#otherTab(what));
    addEventListener("visibilitychange", () => this.noteRead());
  }

  get hasVisitor(): boolean {
    return Boolean(this.#memory.token);
  }

  connect(): void {
    this.#line.open();
  }

  say(text: string): void {
    const message = ownMessage(crypto.randomUUID(), text, new Date());
    batch(() => {
      state.messages.value = [...state.messages.value, message];
      state.isEnded.value = state.isRated.value = false;
    });
    this.#keepUnsent();
    this.#line.open();
    this.#sendNext();
  }

  /** Fetch the bytes of a file the shop sent; only this visitor's token gets them. */
  fetchFile = async (file: ChatFile): Promise<Blob> => {
    const id = encodeURIComponent(file.id);
    const address = `/chat/v1/conversations/${this.#welcome?.conversation}/files/${id}?site=${this.#site.key}`;
    const ask = () => fetch(address, { headers: { Authorization: `Bearer ${this.#memory.token}` } });
    let answer = await ask();
    while (answer.status === 429) {
      await new Promise((resume) => setTimeout(resume, FILE_AGAIN_MS));
      answer = await ask();
    }
    if (!answer.ok) throw new Error(`file ${file.id}: ${answer.status}`);
    return await answer.blob();
  };

  sayTyping(): void {
    if (Date.now() - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = Date.now();
    this.#line.send({ type: "typing" });
  }

  /** Ask for something that is stored too; repeated after a reconnect until it is acked. */
  #ask(frame: object, done: () => void): void {
    const cid = crypto.randomUUID();
    const asked = { ...frame, cid };
    this.#questions.set(cid, { frame: asked, done });
    this.#line.send(asked);
  }

  end(): void {
    this.#ask({ type: "end" }, () => (state.isEnded.value = true));
  }

  rate(score: number, comment: string): void {
    this.#ask({ type: "csat", score, comment }, () => (state.isRated.value = true));
  }

  setFacts(facts: object): void {
    this.#facts = facts;
    if (Object.keys(facts).length) this.#line.send({ type: "context", ...facts });
  }

  setPage(page: { url?: string; title?: string; referrer?: string }): void {
    this.#page = page;
    this.#line.send({ type: "page", url: page.url, title: page.title });
  }

  /** Tell the shop and the other tabs what has been on screen, or at least arrived: once for many events. */
  noteRead(): void {
    clearTimeout(this.#noteTimer);
    this.#noteTimer = window.setTimeout(() => this.#note(), NOTE_AFTER_MS);
  }

  #note(): void {
    // an early `ack` would tell the server that older history has been fetched
    if (!this.#isSettled) return;
    const last = state.messages.value.reduce(
      (seq, message) => (state.isOwn(message) ? seq : Math.max(seq, message.seq ?? 0)),
      0,
    );
    const isSeen = state.isShown.value && document.visibilityState === "visible";
    if (isSeen && last > state.readSeq.value && this.#line.send({ type: "read", seq: last })) {
      state.readSeq.value = this.#memory.readSeq = last;
    } else if (!isSeen && last > Math.max(state.readSeq.value, this.#notedSeq)) {
      if (this.#line.send({ type: "ack", seq: last })) this.#notedSeq = last;
    }
  }

  #sayHello(): void {
    const known = this.#welcome;
    this.#isSettled = false;
    this.#flight = "";
    this.#line.send({
      type: "hello",
      v: 1,
      site: this.#site.key,
      visitor_token: this.#memory.token || undefined,
      resume: known
        ? { conversation: known.conversation, epoch: known.epoch, last_seq: this.#lastSeq, last_id: this.#lastId }
        : undefined,
      locale,
      page: this.#page ?? undefined,
      client: "omnirouter-widget/1",
    });
  }

  #hear(frame: ServerFrame): void {
    if (frame.type === "welcome") void this.#welcomed(frame);
    else if (frame.type === "event") this.#show(frame);
    else if (frame.type === "ack") this.#acked(frame);
    else if (frame.type === "error") this.#refused(frame);
    else if (frame.type === "typing") this.#showTyping(frame.name ?? "");
  }

  async #welcomed(welcome: Welcome): Promise<void> {
    if (welcome.visitor_token) this.#memory.token = welcome.visitor_token;
    if (welcome.resume === "none") this.#forget();
    this.#welcome = welcome;
    state.textBytes.value = welcome.limits.text_bytes;
    state.line.value = "open";
    if (this.#facts) this.setFacts(this.#facts);
    for (const { frame } of this.#questions.values()) this.#line.send(frame);
    if (welcome.more) await this.#fetchOlder(welcome);
    this.#isSettled = true;
    this.noteRead();
    this.#sendNext();
  }

  /** Drop what another history showed; what is still unsent stays. */
  #forget(): void {
    this.#lastSeq = 0;
    this.#lastId = "";
    this.#notedSeq = 0;
    this.#arrived = [];
    state.messages.value = state.messages.value.filter((message) => message.seq === null);
  }

  /** Read over HTTP what is more than one page, then let the socket go on from there. */
  async #fetchOlder(welcome: Welcome): Promise<void> {
    let after: number | null = welcome.seq;
    while (after !== null) {
      const address: string = `/chat/v1/conversations/${welcome.conversation}/events?site=${this.#site.key}&after=${after}`;
      const answer = await fetch(address, { headers: { Authorization: `Bearer ${this.#memory.token}` } });
      if (!answer.ok) return this.#line.reopen();
      const page = (await answer.json()) as EventPage;
      for (const event of page.events) this.#show(event);
      after = page.next;
    }
    this.#line.send({ type: "ack", seq: this.#lastSeq });
  }

  #show(event: ChatEvent): void {
    if (event.seq <= this.#lastSeq) return;
    if (event.seq > this.#lastSeq + 1 && this.#isSettled && this.#gapAt !== this.#lastSeq) {
      // never guess what a gap held: resume, once for the same place
      this.#gapAt = this.#lastSeq;
      return this.#line.reopen();
    }
    this.#lastSeq = event.seq;
    this.#lastId = event.id;
    const shown: state.Message = {
      key: event.cid || event.id,
      seq: event.seq,
      cid: event.cid ?? "",
      role: event.author.role,
      name: event.author.name ?? "",
      text: event.body.text ?? "",
      files: event.body.files ?? [],
      at: new Date(event.ts),
      progress: "sent",
      reason: "",
    };
    if (!this.#arrived.length) setTimeout(() => this.#unload(), FRAME_MS);
    this.#arrived.push(shown);
  }

  /** Put what has arrived on the screen at once: a replay is many events and one picture. */
  #unload(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    const cids = new Set(arrived.map((message) => message.cid).filter(Boolean));
    batch(() => {
      state.messages.value = inOrder([...state.messages.value.filter(({ cid }) => !cids.has(cid)), ...arrived]);
      if (!arrived.every(state.isOwn)) state.typing.value = null;
    });
    this.#keepUnsent();
    this.noteRead();
  }

  #acked(ack: Acked): void {
    this.#questions.get(ack.cid)?.done();
    this.#questions.delete(ack.cid);
    this.#change(ack.cid, (message) => ({
      ...message,
      seq: ack.seq ?? message.seq,
      at: ack.ts ? new Date(ack.ts) : message.at,
      progress: "sent",
    }));
    this.#landed(ack.cid);
  }

  #refused(error: Failed): void {
    const { cid } = error;
    if (!cid) return;
    if (this.#questions.has(cid)) {
      const question = this.#questions.get(cid);
      if (question && error.retry_after) setTimeout(() => this.#line.send(question.frame), error.retry_after * 1000);
    } else if (FINAL_REFUSALS.includes(error.code)) {
      this.#change(cid, (message) => ({ ...message, progress: "failed", reason: error.code }));
      this.#landed(cid);
    } else {
      setTimeout(() => {
        if (this.#flight === cid) this.#flight = "";
        this.#sendNext();
      }, (error.retry_after ?? 5) * 1000);
    }
  }

  #change(cid: string, change: (message: state.Message) => state.Message): void {
    state.messages.value = inOrder(
      state.messages.value.map((message) => (message.cid === cid ? change(message) : message)),
    );
    this.#keepUnsent();
  }

  #landed(cid: string): void {
    if (this.#flight === cid) this.#flight = "";
    this.#sendNext();
  }

  #sendNext(): void {
    if (this.#flight || !this.#isSettled || state.line.value !== "open") return;
    const next = state.messages.value.find((message) => message.progress === "sending");
    if (!next) return;
    const frame = { type: "msg", cid: next.cid, kind: "text", body: { text: next.text } };
    if (this.#line.send(frame)) this.#flight = next.cid;
  }

  #keepUnsent(): void {
    this.#memory.unsent = state.messages.value
      .filter((message) => message.progress === "sending")
      .map(({ cid, text, at }) => ({ cid, text, at: at.toISOString() }));
  }

  #showTyping(name: string): void {
    clearTimeout(this.#typingTimer);
    state.typing.value = name;
    this.#typingTimer = window.setTimeout(() => (state.typing.value = null), TYPING_SHOWN_MS);
  }

  #lineChanged(line: state.Line, retryAt: number): void {
    batch(() => {
      state.line.value = line;
      state.retryAt.value = retryAt;
      state.typing.value = null;
    });
  }

  #otherTab(what: "token" | "read"): void {
    if (what === "read") state.readSeq.value = this.#memory.readSeq;
    // two fresh tabs are one visitor: the one that has said nothing yet follows the other
    if (what === "token" && this.#welcome && !state.messages.value.length) {
      this.#welcome = null;
      this.#line.reopen();
    }
  }
}

function ownMessage(cid: string, text: string, at: Date): state.Message {
  return { key: cid, seq: null, cid, role: "customer", name: "", text, files: [], at, progress: "sending", reason: "" };
}

/** Put stored messages by `seq` first, unsent ones after them in the order they were written. */
function inOrder(messages: state.Message[]): state.Message[] {
  return [...messages].sort((one, other) => (one.seq ?? Infinity) - (other.seq ?? Infinity) || 0);
}
