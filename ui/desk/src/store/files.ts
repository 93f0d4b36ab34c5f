/** The files that go with the next reply: on their way up, waiting, or refused. */
import { type Signal, signal } from "@preact/signals";
import { ApiError, api } from "../api/client";
import type { AttachableFiles, OutgoingFile } from "../api/types";
import { size } from "../format";
import { t } from "../words";
import { errorText, showError } from "./toasts";

export interface AttachedFile {
  key: string;
  name: string;
  sizeBytes: number;
  /** How much is up, from 0 to 1. */
  share: number;
  /** What the router calls it, once it is there. */
  id: string;
  /** Why it is not attached. */
  problem: string;
}

export interface Drawer {
  files: Signal<readonly AttachedFile[]>;
  /** What this channel takes; null while that is not known. */
  takes: Signal<AttachableFiles | null>;
}

const drawers = new Map<string, Drawer>();
const stops = new Map<string, () => void>();
/** Files that wait in an undo, so that a look at the router does not bring them back into the drawer. */
const leaving = new Set<string>();

export function drawerOf(id: string): Drawer {
  const known = drawers.get(id);
  if (known) return known;
  const created: Drawer = { files: signal([]), takes: signal(null) };
  drawers.set(id, created);
  return created;
}

/** Ask what may be attached to an answer; what was attached before a reload is there again. */
export async function lookIntoDrawer(id: string, answers: string | null): Promise<void> {
  const drawer = drawerOf(id);
  // What leaves now may be listed in the answer and be forgotten before it comes.
  const left = new Set(leaving);
  try {
    const found = await api.attachable(id, answers);
    drawer.takes.value = found;
    const known = new Set([...drawer.files.value.map((file) => file.id), ...left, ...leaving]);
    const kept = found.files.filter((file) => !known.has(file.id)).map(keptFile);
    if (kept.length > 0) drawer.files.value = [...kept, ...drawer.files.value];
  } catch (error) {
    // Nothing can be attached then, and everything else goes on.
    if (!(error instanceof ApiError)) throw error;
    drawer.takes.value = null;
  }
}

const keptFile = (file: OutgoingFile): AttachedFile => ({
  key: file.id,
  name: file.name,
  sizeBytes: file.size_bytes,
  share: 1,
  id: file.id,
  problem: "",
});

/** Say why a file cannot go before a byte of it is sent; the router judges what it is. */
function refusal(drawer: Drawer, file: File): string {
  const takes = drawer.takes.value;
  if (!takes) return "";
  if (takes.kinds.length === 0) return t("attach-none");
  const largest = Math.max(...takes.kinds.map((one) => one.max_bytes));
  if (file.size > largest) return t("attach-too-large", { size: size(largest) });
  return drawer.files.value.filter((one) => !one.problem).length > takes.most ? t("attach-too-many", { n: takes.most }) : "";
}

export async function attach(id: string, chosen: readonly File[], answers: string | null): Promise<void> {
  const drawer = drawerOf(id);
  const coming = chosen.map((file) => ({ file, key: crypto.randomUUID(), name: file.name || t("attachment-unnamed") }));
  // They stand in the order they were chosen, whatever is heard first.
  const entries = coming.map(({ key, name, file }) => ({ key, name, sizeBytes: file.size, share: 0, id: "", problem: "" }));
  drawer.files.value = [...drawer.files.value, ...entries];
  // Somebody may paste faster than the router says what this channel takes.
  if (!drawer.takes.value) await lookIntoDrawer(id, answers);
  for (const { file, key, name } of coming) {
    // Taken out again meanwhile.
    if (!isIn(id, key)) continue;
    const problem = refusal(drawer, file);
    if (problem) change(id, key, { problem });
    else void bringUp(id, key, file, name, answers);
  }
}

const isIn = (id: string, key: string): boolean => drawerOf(id).files.value.some((one) => one.key === key);

function change(id: string, key: string, changed: Partial<AttachedFile>): void {
  const drawer = drawerOf(id);
  drawer.files.value = drawer.files.value.map((one) => (one.key === key ? { ...one, ...changed } : one));
}

async function bringUp(id: string, key: string, file: File, name: string, answers: string | null): Promise<void> {
  const upload = api.attach(id, file, name, answers, (share) => change(id, key, { share }));
  stops.set(key, upload.stop);
  try {
    const there = await upload.done;
    // A look into the drawer may have found it before this answer came.
    drawerOf(id).files.value = drawerOf(id).files.value.filter((one) => one.id !== there.id);
    if (isIn(id, key)) change(id, key, { id: there.id, name: there.name, share: 1 });
    // Taken out while its upload ended.
    else api.dropFile(there.id).catch(() => undefined);
  } catch (error) {
    if (!isIn(id, key)) return;
    const { title, detail } = errorText(error);
    change(id, key, { problem: detail || title });
  } finally {
    stops.delete(key);
  }
}

/** Take a file out again, wherever it is. */
export function removeFile(id: string, file: AttachedFile): void {
  const drawer = drawerOf(id);
  drawer.files.value = drawer.files.value.filter((one) => one.key !== file.key);
  stops.get(file.key)?.();
  if (file.id) api.dropFile(file.id).catch(showError);
}

/** Take the files out of the drawer, to be sent. */
export function takeFiles(id: string): readonly AttachedFile[] {
  const drawer = drawerOf(id);
  const waiting = drawer.files.value;
  drawer.files.value = [];
  for (const file of waiting) leaving.add(file.id);
  return waiting;
}

/** Forget files whose reply is at the router: it does not list them any more. */
export function forgetFiles(files: readonly AttachedFile[]): void {
  for (const file of files) leaving.delete(file.id);
}

/** Put files back that were not sent after all. */
export function putFilesBack(id: string, files: readonly AttachedFile[]): void {
  const drawer = drawerOf(id);
  forgetFiles(files);
  drawer.files.value = [...files, ...drawer.files.value];
}
