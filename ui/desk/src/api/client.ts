/** Every call of the router's HTTP API the desk makes. In: plain values. Out: shapes of `types.ts`, or `ApiError`. */
import type {
  Agent,
  AttachableFiles,
  ChannelHealth,
  Colleague,
  ContactCard,
  ContextKind,
  Conversation,
  Decision,
  Door,
  Message,
  Offer,
  OrderNote,
  OrderNoteKind,
  OrderOverview,
  Permission,
  Presence,
  PresenceState,
  Problem,
  QueueCounters,
  Reader,
  RefusedCalls,
  RelatedConversation,
  SourceAnswer,
  Template,
  TemplateUse,
  Version,
  View,
  Alarm,
  Incident,
  IncidentPreview,
} from "./types";
import { ApiError } from "./errors";
import { upload } from "./files";
import type { EntryForm, NewTask, Task, WrapUp } from "./tasks";

export { ApiError } from "./errors";

const ROOT = "/api/v1";
const TIMEOUT_MS = 20_000;

/** Called on every 401 outside the log-in itself; the store that owns the agent sets it. */
let loggedOut: () => void = () => {};
export function onLoggedOut(callback: () => void): void {
  loggedOut = callback;
}

let skewMs = 0;

/** The server's clock as far as its answers tell, so that countdowns hold on a machine whose clock is wrong. */
export function serverNow(): number {
  return Date.now() + skewMs;
}

function readClock(response: Response): void {
  const skew = Date.parse(response.headers.get("Date") ?? "") - Date.now();
  // The header counts whole seconds: a smaller difference says nothing.
  if (!Number.isNaN(skew)) skewMs = Math.abs(skew) > 2_000 ? skew : 0;
}

async function problemOf(response: Response): Promise<ApiError> {
  const retryAfter = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const retryAfterS = Number.isNaN(retryAfter) ? null : retryAfter;
  const fallback: Problem = { title: response.statusText, status: response.status, code: `http_${response.status}` };
  try {
    const body = (await response.json()) as Partial<Problem>;
    return new ApiError({ ...fallback, ...body }, retryAfterS);
  } catch {
    return new ApiError(fallback, retryAfterS);
  }
}

async function call<T>(method: string, path: string, body?: unknown, keepalive = false): Promise<T> {
  let response: Response;
  const request: RequestInit = { method, keepalive, credentials: "same-origin" };
  if (!keepalive) request.signal = AbortSignal.timeout(TIMEOUT_MS);
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers = { "Content-Type": "application/json" };
  }
  try {
    response = await fetch(ROOT + path, request);
  } catch {
    throw new ApiError({ title: "offline", status: 0, code: "offline" });
  }
  readClock(response);
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  const error = await problemOf(response);
  if (response.status === 401 && path !== "/session") loggedOut();
  throw error;
}

function query(values: Record<string, string | number | undefined>): string {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return set.length > 0 ? `?${new URLSearchParams(set.map(([key, value]) => [key, String(value)]))}` : "";
}

const task = (id: string) => `/tasks/${encodeURIComponent(id)}`;
const person = (id: string) => `/contacts/${encodeURIComponent(id)}`;
const at = (id: string) => `/conversations/${encodeURIComponent(id)}`;

export interface ListQuery {
  view: View;
  queue?: string | undefined;
  channel?: string | undefined;
  q?: string | undefined;
  before?: string | undefined;
  limit?: number;
}

export type NewReply = ({ text?: string; files?: string[] } | { template: TemplateUse }) & {
  token: number;
  key: string;
  audience?: Reader[];
  answers?: string;
};

export const api = {
  logIn: (login: string, password: string) => call<{ agent: Agent }>("POST", "/session", { login, password }),
  logOut: () => call<void>("DELETE", "/session"),
  me: () => call<Agent>("GET", "/me"),
  setPresence: (state: PresenceState, reason: string, classes: string[] | null) =>
    call<Presence>("PUT", "/me/presence", { state, reason, classes }),

  offers: () => call<{ offers: Offer[]; wrap_ups: WrapUp[] }>("GET", "/me/offers"),
  acceptOffer: (id: string) =>
    call<{ conversation: Conversation }>("POST", `/offers/${encodeURIComponent(id)}/accept`, {}),
  rejectOffer: (id: string) => call<void>("POST", `/offers/${encodeURIComponent(id)}/reject`, {}),

  conversations: (list: ListQuery) =>
    call<{ conversations: Conversation[]; next: string | null }>("GET", `/conversations${query({ ...list })}`),
  conversation: (id: string) => call<Conversation>("GET", at(id)),
  messages: (id: string, after?: string) =>
    call<{ messages: Message[]; next: string | null }>("GET", `${at(id)}/messages${query({ after, limit: 200 })}`),
  related: (id: string) => call<{ conversations: RelatedConversation[] }>("GET", `${at(id)}/related`),
  decisions: (id: string, lang: string) =>
    call<{ decisions: Decision[]; now: Decision | null }>("GET", `${at(id)}/decisions${query({ lang })}`),

  orders: (id: string) => call<OrderOverview>("GET", `${at(id)}/orders`),
  context: (id: string, kind: ContextKind, order: string) =>
    call<{ answers: SourceAnswer[] }>("GET", `${at(id)}/context${query({ kind, order })}`),
  addOrderNote: (id: string, note: { order_id: string; kind: OrderNoteKind; reason: string }) =>
    call<OrderNote>("POST", `${at(id)}/order-notes`, note),
  retryOrderNote: (noteId: string) => call<OrderNote>("POST", `/order-notes/${encodeURIComponent(noteId)}/retry`, {}),

  permission: (id: string) => call<Permission>("GET", `${at(id)}/permission`),
  templates: (id: string) => call<{ templates: Template[] }>("GET", `${at(id)}/templates`),
  reply: (id: string, reply: NewReply, keepalive = false) =>
    call<Message>("POST", `${at(id)}/replies`, reply, keepalive),
  attachable: (id: string, answers: string | null) =>
    call<AttachableFiles>("GET", `${at(id)}/files${query({ answers: answers ?? "" })}`),
  attach: (id: string, file: Blob, name: string, answers: string | null, onProgress: (share: number) => void) =>
    upload(`${ROOT}${at(id)}/files${query({ name, answers: answers ?? "" })}`, file, onProgress),
  dropFile: (fileId: string) => call<void>("DELETE", `/files/${encodeURIComponent(fileId)}`),
  versions: (messageId: string) =>
    call<{ versions: Version[] }>("GET", `/messages/${encodeURIComponent(messageId)}/versions`),
  recall: (messageId: string) => call<Message>("POST", `/messages/${encodeURIComponent(messageId)}/recall`, {}),
  markRead: (id: string) => call<void>("POST", `${at(id)}/read`),
  remap: (messageId: string) => call<Message>("POST", `/messages/${encodeURIComponent(messageId)}/remap`, {}),
  note: (id: string, text: string) => call<Message>("POST", `${at(id)}/notes`, { text }),
  resolve: (id: string, token: number, reason: string) =>
    call<Conversation>("POST", `${at(id)}/resolve`, reason ? { token, reason } : { token }),
  putBack: (id: string, token: number, note: string) =>
    call<Conversation>("POST", `${at(id)}/put-back`, note ? { token, note } : { token }),
  transfer: (id: string, transfer: { token: number; note: string; queue?: string; agent?: string }) =>
    call<Conversation>("POST", `${at(id)}/transfer`, transfer),
  wrappedUp: (id: string) => call<void>("POST", `${at(id)}/wrapped-up`, {}),
  claim: (id: string) => call<Conversation>("POST", `${at(id)}/claim`, {}),
  typing: (id: string) => call<void>("POST", `${at(id)}/typing`),
  draft: (id: string) => call<{ text: string }>("GET", `${at(id)}/draft`),
  saveDraft: (id: string, text: string, keepalive = false) =>
    call<void>("PUT", `${at(id)}/draft`, { text }, keepalive),
  arrived: (messageId: string) => call<Message>("POST", `/messages/${encodeURIComponent(messageId)}/arrived`, {}),
  resend: (messageId: string) => call<Message>("POST", `/messages/${encodeURIComponent(messageId)}/resend`, {}),
  rawUrl: (messageId: string) => `${ROOT}/messages/${encodeURIComponent(messageId)}/raw`,

  planAbsence: (agentId: string, absence: { since: string; until?: string; reason: string }) =>
    call<Agent>("POST", `/agents/${encodeURIComponent(agentId)}/absence`, absence),
  cancelAbsence: (agentId: string) => call<Agent>("DELETE", `/agents/${encodeURIComponent(agentId)}/absence`),
  alarms: (lang: string) => call<{ alarms: Alarm[] }>("GET", `/alarms${query({ lang })}`),
  incidents: () => call<{ incidents: Incident[] }>("GET", "/incidents"),
  startIncident: (incident: { name: string; until?: string }, isPreview: boolean) =>
    call<IncidentPreview>("POST", `/incidents${isPreview ? "?preview=1" : ""}`, incident),
  endIncident: (name: string) =>
    call<{ incidents: Incident[] }>("DELETE", `/incidents/${encodeURIComponent(name)}`),
  pause: (id: string, reason: string) => call<Conversation>("POST", `${at(id)}/pause`, { reason }),
  thaw: (id: string) => call<Conversation>("DELETE", `${at(id)}/pause`),

  tasks: (id: string) => call<{ tasks: Task[] }>("GET", `${at(id)}/tasks`),
  addTask: (id: string, task: NewTask) => call<Task>("POST", `${at(id)}/tasks`, task),
  tellTry: (id: string, reached: boolean) => call<Task>("POST", `${task(id)}/attempts`, { reached }),
  makeCall: (id: string, line: string) => call<Task>("POST", `${task(id)}/call`, { line }),
  closeTask: (id: string, reason: string) => call<Task>("POST", `${task(id)}/close`, { reason }),
  recordingUrl: (callId: string, place: number) => `${ROOT}/calls/${encodeURIComponent(callId)}/recording?place=${place}`,
  entryForm: (account: string) => call<{ form: EntryForm }>("GET", `/channels/${encodeURIComponent(account)}/form`),
  enter: (account: string, form: Record<string, string>) =>
    call<{ outcome: string; inbound_id: string }>("POST", `/channels/${encodeURIComponent(account)}/entries`, { form }),
  contact: (id: string) => call<ContactCard>("GET", person(id)),
  mergeContacts: (id: string, into: string) => call<ContactCard>("POST", `${person(id)}/merge`, { into }),
  partContacts: (id: string) => call<ContactCard>("POST", `${person(id)}/part`, {}),
  keepApart: (id: string, other: string) => call<ContactCard>("POST", `${person(id)}/apart`, { other }),
  doors: (id: string) => call<{ doors: Door[] }>("GET", `${at(id)}/doors`),
  merge: (id: string, into: string) => call<Conversation>("POST", `${at(id)}/merge`, { into }),
  part: (id: string) => call<Conversation>("POST", `${at(id)}/part`, {}),
  split: (id: string, message: string) => call<Conversation>("POST", `${at(id)}/split`, { message }),

  queues: () => call<{ queues: QueueCounters[] }>("GET", "/queues"),
  agents: () => call<{ agents: Colleague[] }>("GET", "/agents"),
  channels: () => call<{ channels: ChannelHealth[]; stray_calls: RefusedCalls[] }>("GET", "/channels"),
  eventsUrl: `${ROOT}/events`,
};
