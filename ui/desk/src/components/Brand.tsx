/** The name of the house with its mark: the ring the desk uses for time. */
export function Brand() {
  return (
    <span class="brand">
      <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="9" class="brand-ground" />
        <circle cx="16" cy="16" r="8.25" class="brand-track" />
        <path d="M16 7.75A8.25 8.25 0 1 1 8.4 19.2" class="brand-arc" />
        <circle cx="16" cy="16" r="2.6" class="brand-dot" />
      </svg>
      <span>Omnirouter</span>
    </span>
  );
}
