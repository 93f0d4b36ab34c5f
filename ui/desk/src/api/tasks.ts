/** Shapes of tasks, after-call work and entries by hand, as the HTTP API sends and takes them. */
import type { Conversation } from "./types";

export interface TaskAttempt {
  id: string;
  at: string;
  state: "calling" | "reached" | "not_reached" | "failed";
  agent: string;
  detail: string;
}

export interface Task {
  id: string;
  kind: "call_back" | "follow_up";
  conversation_id: string;
  contact: string;
  account: string;
  number: string;
  reason: string;
  script: string;
  best_from: string | null;
  best_until: string | null;
  due_at: string;
  expires_at: string | null;
  attempt_limit: number;
  attempts: TaskAttempt[];
  counter: number;
  last_missed_at: string | null;
  begun: boolean;
  state: "open" | "done" | "expired";
  closed_at: string | null;
  closed_by: string | null;
  closed_reason: string;
  created_by: string | null;
  created_at: string;
  can_originate: boolean;
}

export interface NewTask {
  kind: Task["kind"];
  number: string;
  reason: string;
  script: string;
  attempts: number;
  due_at?: string | undefined;
  best_from?: string | undefined;
  best_until?: string | undefined;
}

/** One field of an entry by hand: a part of JSON Schema, and titles by language. */
export interface FormField {
  type?: string;
  title?: string;
  format?: string;
  enum?: string[];
  maxLength?: number;
  "x-titles"?: Record<string, string>;
  "x-choices"?: Record<string, Record<string, string>>;
  "x-lines"?: number;
  "x-hidden"?: boolean;
}

export interface EntryForm {
  properties: Record<string, FormField>;
  required?: string[];
}

/** After-call work: solved, and still taking room until then or until its agent is done. */
export interface WrapUp {
  conversation: Conversation;
  until: string;
}
