/** The time as the desk shows it: one tick a second for everything that counts down. */
import { signal } from "@preact/signals";
import { serverNow } from "../api/client";

export const now = signal(serverNow());

setInterval(() => {
  now.value = serverNow();
}, 1_000);
