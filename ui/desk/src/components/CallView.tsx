/** One call on the timeline: what it came to, for how long, with whom, and where it was recorded. */
import { api } from "../api/client";
import type { Block, Message } from "../api/types";
import { clockTime, fullTime, span } from "../format";
import { hasWord, t } from "../words";
import { Icon } from "./Icon";

interface Recording {
  place: number;
  duration_s: number | null;
  consent: boolean | null;
}

/** Find the block of a call in a message, if it is one. */
export function callBlock(message: Message): Block | undefined {
  return message.kind === "call" ? message.blocks.find((block) => block.kind === "call" && block.fields["call_id"]) : undefined;
}

function text(fields: Block["fields"], name: string): string {
  const value = fields[name];
  return typeof value === "string" ? value : "";
}

function list<T>(fields: Block["fields"], name: string): readonly T[] {
  const value = fields[name];
  return Array.isArray(value) ? (value as T[]) : [];
}

function headOf(fields: Block["fields"]): string {
  const direction = text(fields, "direction") === "outbound" ? "outbound" : "inbound";
  const outcome = text(fields, "outcome");
  const word = outcome ? `call-${direction}-${outcome}` : `call-state-${text(fields, "state")}`;
  return hasWord(word) ? t(word) : t("block-call");
}

/** Say a call in one line, in the language in use. */
export function callLine(block: Block): string {
  const fields = block.fields;
  const parts = [headOf(fields)];
  const talked = Number(fields["talk_s"] ?? 0);
  const rang = Number(fields["ring_s"] ?? 0);
  if (text(fields, "outcome") === "answered" && talked) parts.push(t("call-talked", { span: span(talked) }));
  else if (rang) parts.push(t("call-rang", { span: span(rang) }));
  const offered = list<string>(fields, "offered_to");
  if (text(fields, "agent")) parts.push(t("call-with", { agent: text(fields, "agent") }));
  else if (offered.length > 0) parts.push(t("call-offered", { agents: offered.join(", ") }));
  return parts.join(t("call-comma"));
}

function Recordings({ block }: { block: Block }) {
  const recordings = list<Recording>(block.fields, "recordings");
  const callId = text(block.fields, "call_id");
  return (
    <>
      {recordings.map((one) =>
        one.consent === false ? (
          <span key={one.place} class="quiet">
            {t("call-recording-refused")}
          </span>
        ) : (
          <a key={one.place} href={api.recordingUrl(callId, one.place)} target="_blank" rel="noreferrer noopener">
            {one.duration_s ? t("call-recording-of", { span: span(one.duration_s) }) : t("call-recording")}
          </a>
        ),
      )}
    </>
  );
}

const TOLD = ["reason", "result", "note"] as const;

export function CallView({ message, block }: { message: Message; block: Block }) {
  const at = message.occurred_at ?? message.created_at;
  const promised = text(block.fields, "promise_until");
  const words = message.blocks.filter((one) => one !== block && one.text);
  return (
    <article class="call" data-asks={message.direction === "inbound"} data-live={!text(block.fields, "outcome")}>
      <p class="call-line">
        <span class="call-what">
          <Icon name="phone" size={15} />
          <span>{callLine(block)}</span>
        </span>
        <Recordings block={block} />
        <time dateTime={at} title={fullTime(at)}>
          {clockTime(at)}
        </time>
      </p>
      {words.map((one, index) => (
        <p key={index} class="call-words">
          {one.text}
        </p>
      ))}
      {TOLD.map(
        (name) =>
          text(block.fields, name) && (
            <p key={name} class="call-words">
              <b>{t(`call-told-${name}`)}</b> {text(block.fields, name)}
            </p>
          ),
      )}
      {promised && <p class="call-words">{t("call-promised", { at: fullTime(promised) })}</p>}
    </article>
  );
}
