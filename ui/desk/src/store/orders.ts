/** Notes on orders: adding one, bringing one to its shop again, and knowing that some have changed. */
import { signal } from "@preact/signals";
import { api } from "../api/client";
import type { OrderNoteKind } from "../api/types";
import { showError } from "./toasts";

/** Grows whenever a note on an order has changed somewhere. */
export const orderNotesVersion = signal(0);

export function orderNotesChanged(): void {
  orderNotesVersion.value += 1;
}

/** Put a note on an order; true when it is kept. */
export async function addOrderNote(
  conversationId: string,
  note: { order_id: string; kind: OrderNoteKind; reason: string },
): Promise<boolean> {
  try {
    await api.addOrderNote(conversationId, note);
    orderNotesChanged();
    return true;
  } catch (error) {
    showError(error);
    return false;
  }
}

export async function retryOrderNote(noteId: string): Promise<void> {
  try {
    await api.retryOrderNote(noteId);
    orderNotesChanged();
  } catch (error) {
    showError(error);
  }
}
