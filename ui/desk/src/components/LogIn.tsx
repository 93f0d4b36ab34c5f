/** The first page: who are you? */
import { signal } from "@preact/signals";
import { logIn, wasLoggedOut } from "../store/account";
import { errorText } from "../store/toasts";
import { LOCALES, locale, setLocale, t } from "../words";
import { Brand } from "./Brand";

const busy = signal(false);
const problem = signal("");

async function submit(event: SubmitEvent): Promise<void> {
  event.preventDefault();
  const form = new FormData(event.target as HTMLFormElement);
  busy.value = true;
  problem.value = "";
  try {
    await logIn(String(form.get("login")), String(form.get("password")));
  } catch (error) {
    const { title, detail } = errorText(error);
    problem.value = title || detail;
  } finally {
    busy.value = false;
  }
}

export function LogIn() {
  return (
    <main class="log-in">
      <div class="log-in-art" aria-hidden="true">
        <svg viewBox="0 0 400 400" preserveAspectRatio="xMidYMid slice">
          {[40, 76, 112, 148, 184].map((radius, index) => (
            <circle
              key={radius}
              cx="200"
              cy="200"
              r={radius}
              stroke-dasharray={`${radius * (1.6 + index * 0.9)} ${radius * 7}`}
              transform={`rotate(${index * 53 - 90} 200 200)`}
            />
          ))}
          <circle class="log-in-dot" cx="200" cy="200" r="7" />
        </svg>
      </div>
      <form class="log-in-form" onSubmit={submit}>
        <Brand />
        <h1>{t("log-in-title")}</h1>
        <p class="quiet">{wasLoggedOut.value ? t("log-in-again") : t("log-in-lead")}</p>
        <label>
          {t("log-in-login")}
          <input name="login" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus />
        </label>
        <label>
          {t("log-in-password")}
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <p class="field-problem" role="alert">
          {problem}
        </p>
        <button class="button primary wide" type="submit" disabled={busy.value}>
          {busy.value ? t("log-in-busy") : t("log-in-go")}
        </button>
        <p class="log-in-locales">
          {LOCALES.map((one) => (
            <button
              key={one}
              type="button"
              class="text-button"
              lang={one}
              aria-pressed={locale.value === one}
              onClick={() => setLocale(one)}
            >
              {one === "en" ? "English" : "简体中文"}
            </button>
          ))}
        </p>
      </form>
    </main>
  );
}
