/** What stands where nothing else can: an empty list, a failed reading, nothing chosen yet. */
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./Icon";

interface PageStateProps {
  icon: IconName;
  title: string;
  text?: string;
  children?: ComponentChildren;
}

export function PageState({ icon, title, text, children }: PageStateProps) {
  return (
    <div class="page-state">
      <span class="page-state-mark">
        <Icon name={icon} size={26} />
      </span>
      <p class="page-state-title">{title}</p>
      {text && <p class="quiet">{text}</p>}
      {children}
    </div>
  );
}
