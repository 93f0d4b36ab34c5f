/** On what terms an answer is sent: who reads it, why not, until when, and which approved texts there are. */
import { useState } from "preact/hooks";
import type { Permission, Reader, Template } from "../api/types";
import { type Composer, sendTemplate } from "../store/composer";
import { fullTime } from "../format";
import { t } from "../words";
import { Icon } from "./Icon";

/** Who reads the answer; shown only where it can be somebody besides the customer. */
function Readers({ composer, audiences }: { composer: Composer; audiences: readonly Reader[] }) {
  const others = audiences.filter((one) => one !== "customer");
  if (others.length === 0) return null;
  const chosen = composer.others.value;
  const toggle = (reader: Reader) => {
    composer.others.value = chosen.includes(reader) ? chosen.filter((one) => one !== reader) : [...chosen, reader];
  };
  return (
    <span class="readers" role="group" aria-label={t("readers")}>
      <span>{t("read-by", { readers: ["customer", ...chosen].map((one) => t(`role-${one}`)).join(", ") })}</span>
      {others.map((reader) => (
        <label key={reader}>
          <input type="checkbox" checked={chosen.includes(reader)} onChange={() => toggle(reader)} />
          {t("also-to", { reader: t(`role-${reader}`) })}
        </label>
      ))}
    </span>
  );
}

export function ComposerTerms({ composer, permission }: { composer: Composer; permission: Permission | null }) {
  if (!permission) return null;
  const { allowed, why, until, left } = permission;
  const isOpenFor = allowed && (until !== null || left !== null);
  return (
    <>
      {why && (
        <p class="terms" data-closed={!allowed || permission.templates_only} role="status">
          <Icon name="warn" size={14} />
          <span>{why}</span>
          {!allowed && until && <span>{t("opens-again", { at: fullTime(until) })}</span>}
        </p>
      )}
      {isOpenFor && (
        <p class="terms">
          {until && <span>{t("open-until", { at: fullTime(until) })}</span>}
          {left !== null && <span>{t("sends-left", { n: left })}</span>}
        </p>
      )}
      <Readers composer={composer} audiences={permission.audiences} />
    </>
  );
}

/** Show a template with its gaps filled as far as they are. */
function filled(template: Template, values: Record<string, string>): string {
  return template.variables.reduce(
    (text, gap) => text.replaceAll(`{${gap.name}}`, values[gap.name]?.trim() || `{${gap.title || gap.name}}`),
    template.body,
  );
}

function TemplateForm({ id, template }: { id: string; template: Template }) {
  const [values, setValues] = useState<Record<string, string>>({});
  const [isBusy, setBusy] = useState(false);
  const isFilled = template.variables.every((gap) => !gap.required || values[gap.name]?.trim());
  const send = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    if (await sendTemplate(id, { id: template.id, language: template.language, variables: values })) setValues({});
    setBusy(false);
  };
  return (
    <form class="template" onSubmit={send}>
      <p class="message-text">{filled(template, values)}</p>
      {template.variables.map((gap) => (
        <label key={gap.name} class="template-gap">
          <span>{gap.title || gap.name}</span>
          <input
            value={values[gap.name] ?? ""}
            placeholder={gap.example}
            required={gap.required}
            maxLength={gap.max_chars ?? 500}
            onInput={(event) => setValues({ ...values, [gap.name]: event.currentTarget.value })}
          />
        </label>
      ))}
      <button type="submit" class="button primary small" disabled={!isFilled || isBusy}>
        <Icon name="send" size={14} /> {t("template-send")}
      </button>
    </form>
  );
}

export function Templates({ id, templates, isOpen }: { id: string; templates: readonly Template[]; isOpen: boolean }) {
  if (templates.length === 0) return isOpen ? <p class="terms">{t("templates-none")}</p> : null;
  return (
    <details class="templates" open={isOpen}>
      <summary>{t("templates", { n: templates.length })}</summary>
      {templates.map((template) => (
        <details key={`${template.id} ${template.language}`}>
          <summary>
            {template.title || template.id} <span class="quiet">{template.language}</span>
          </summary>
          <TemplateForm id={id} template={template} />
        </details>
      ))}
    </details>
  );
}
