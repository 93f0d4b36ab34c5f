/** Short lines at the lower edge; errors are spoken at once, the rest politely. */
import { dismissToast, toasts } from "../store/toasts";
import { t } from "../words";
import { Icon } from "./Icon";

export function Toasts() {
  return (
    <div class="toasts">
      {toasts.value.map((toast) => (
        <div key={toast.id} class={`toast is-${toast.tone}`} role={toast.tone === "error" ? "alert" : "status"}>
          <Icon name={toast.tone === "error" ? "warn" : "check"} size={16} />
          <div class="toast-words">
            <p>{toast.title}</p>
            {toast.detail && <p class="toast-detail">{toast.detail}</p>}
          </div>
          <button type="button" class="icon-button" aria-label={t("close")} onClick={() => dismissToast(toast.id)}>
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
