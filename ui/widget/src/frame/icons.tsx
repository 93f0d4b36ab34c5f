// The few signs of the frame; all of them decorate, words stand beside them for who cannot see them.

const Icon = ({ path }: { path: string }) => (
  <svg viewBox="0 0 24 24" aria-hidden="true">
    <path d={path} />
  </svg>
);

export const Close = () => <Icon path="M6 9l6 6 6-6" />;
export const Send = () => <Icon path="M12 19V5M5.5 11.5 12 5l6.5 6.5" />;
export const Waiting = () => <Icon path="M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z" />;
export const Tick = () => <Icon path="M5 13l4.5 4.5L19 7.5" />;
export const Ticks = () => <Icon path="M2 13l4.5 4.5L15 8.5M11 16.5l1 1L22 7.5" />;
export const Star = () => <Icon path="M12 3.6l2.6 5.3 5.8.8-4.2 4.1 1 5.8-5.2-2.7-5.2 2.7 1-5.8L3.6 9.7l5.8-.8Z" />;
