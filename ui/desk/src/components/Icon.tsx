/** The desk's own line icons, drawn on a 20-unit grid. */
const PATHS = {
  email: "M3 5.5h14v9.5H3z M3 6l7 5.5L17 6",
  webchat: "M4 4h12a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H9l-4 3.2V13H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1z",
  phone: "M5 3h2.6l1.2 3.4-1.6 1.4a9 9 0 0 0 5 5l1.4-1.6L17 12.4V15a2 2 0 0 1-2 2A12 12 0 0 1 3 5a2 2 0 0 1 2-2z",
  marketplace: "M4.2 7h11.6l.9 10H3.3z M7 9V6a3 3 0 0 1 6 0v3",
  other: "M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12z M10 9v2",
  mine: "M10 3.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6z M4 16.5c.6-3 3-4.5 6-4.5s5.400 1.500 6 4.500",
  waiting: "M10 3.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13z M10 6.500V10l2.500 1.800",
  open: "M3 11l2.500-6.500h9L17 11v4.500H3z M3 11h4l1 2h4l1-2h4",
  resolved: "M4 10.500l4 4 8-9",
  all: "M4 5.500h12 M4 10h12 M4 14.500h12",
  queue: "M4 5h12 M6 10h8 M8 15h4",
  search: "M9 3.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11z M13 13l4 4",
  why: "M7.500 7.500a2.500 2.500 0 1 1 3.600 2.200c-.8.4-1.100.9-1.100 1.800 M10 14.300v.2 M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z",
  transfer: "M3 7h12l-3-3 M17 13H5l3 3",
  put_back: "M7 5L3 9l4 4 M3 9h9a5 5 0 0 1 0 7h-2",
  close: "M5 5l10 10 M15 5L5 15",
  menu: "M3 6h14 M3 10h14 M3 14h14",
  pause: "M7 5v10 M13 5v10",
  alarm: "M10 3.500a4.500 4.500 0 0 0-4.500 4.500v3.500L4 14h12l-1.500-2.500V8A4.500 4.500 0 0 0 10 3.500z M8.500 16.500h3",
  back: "M12 4l-6 6 6 6",
  clip: "M14 8l-5.500 5.500a2 2 0 0 1-3-3L11.500 4.500a3 3 0 0 1 4.300 4.300L9 15.500",
  warn: "M10 3l7.500 13.500h-15z M10 8v4 M10 14.200v.2",
  send: "M3 10L17 3.500 13 17l-3-5.500z M10 11.500L17 3.500",
  note: "M4 3.500h12v8l-5 5H4z M11 16.500v-5h5",
  keys: "M2.500 5.500h15v9h-15z M5.500 8.500h.1 M8.500 8.500h.1 M11.500 8.500h.1 M14.500 8.500h.1 M6.500 11.800h7",
  sound: "M4 8v4h3l4 3.500v-11L7 8z M14 7.500a3.500 3.500 0 0 1 0 5",
  mute: "M4 8v4h3l4 3.500v-11L7 8z M14 8l4 4 M18 8l-4 4",
  theme: "M10 3.500v13a6.500 6.500 0 0 0 0-13z M10 3.500a6.500 6.500 0 0 0 0 13",
  language: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z M3 10h14 M10 3c2.500 2 3 4.500 3 7s-.5 5-3 7c-2.500-2-3-4.500-3-7s.5-5 3-7z",
  leave: "M8 4H4v12h4 M9 10h8 M14 7l3 3-3 3",
  check: "M4 10.500l4 4 8-9",
  double_check: "M1.500 10.500l4 4 8-9 M9 14.500l.5.500 8.500-9.500",
  again: "M16 6v4h-4 M15.500 10A6 6 0 1 0 14 14.500",
  original: "M5 3h7l3 3v11H5z M12 3v3h3 M7.500 10h5 M7.500 13h5",
  house: "M3 16.500h14 M4.500 16.500v-6h3v6 M8.500 16.500v-12h3v12 M12.500 16.500V8h3v8.500",
  link: "M8 12l4-4 M7 9l-2 2a2.800 2.800 0 0 0 4 4l2-2 M13 11l2-2a2.800 2.800 0 0 0-4-4L9 7",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Choose the mark of a channel; a channel of a third party's plugin gets the neutral one. */
export function channelIcon(channel: string): IconName {
  if (channel === "email" || channel === "webchat" || channel === "phone" || channel === "marketplace") return channel;
  return channel.startsWith("phone") ? "phone" : "other";
}
