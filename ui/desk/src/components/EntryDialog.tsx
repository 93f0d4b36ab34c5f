/** Enter what no machine told of, by the form the channel gives: a call on a private phone, for example. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { EntryForm, FormField } from "../api/tasks";
import { channels } from "../store/house";
import { closeDialog } from "../store/screen";
import { errorText, showToast } from "../store/toasts";
import { locale, t } from "../words";
import { DialogFrame } from "./DialogFrame";

/** The hidden field by which a channel knows one entry again, where its form has it. */
const ENTRY_ID = "entry_id";

type Words = Readonly<Record<string, string>> | undefined;

function inUse(words: Words, fallback: string): string {
  return words?.[locale.value === "zh-CN" ? "zh" : "en"] ?? fallback;
}

/** Read the forms of all accounts in which something can be entered by hand. */
function useForms(): readonly [string, EntryForm][] | null {
  const [forms, setForms] = useState<readonly [string, EntryForm][] | null>(null);
  useEffect(() => {
    const asked = channels.peek().map(async ({ account }): Promise<[string, EntryForm]> => [account, (await api.entryForm(account)).form]);
    void Promise.allSettled(asked).then((answers) =>
      setForms(answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []))),
    );
  }, []);
  return forms;
}

interface FieldProps {
  name: string;
  field: FormField;
  isRequired: boolean;
  value: string;
  set: (value: string) => void;
}

function Field({ name, field, isRequired, value, set }: FieldProps) {
  const common = { name, required: isRequired, value };
  const onInput = (event: { currentTarget: { value: string } }) => set(event.currentTarget.value);
  return (
    <label>
      {inUse(field["x-titles"], field.title ?? name)}
      {field.enum ? (
        <select {...common} onChange={onInput}>
          <option value="">{isRequired ? t("entry-choose") : ""}</option>
          {field.enum.map((one) => (
            <option key={one} value={one}>
              {inUse(field["x-choices"]?.[one], one)}
            </option>
          ))}
        </select>
      ) : field["x-lines"] ? (
        <textarea {...common} rows={field["x-lines"]} maxLength={field.maxLength} onInput={onInput} />
      ) : field.format === "date-time" ? (
        <input {...common} type="datetime-local" onInput={onInput} />
      ) : (
        <input {...common} maxLength={field.maxLength} onInput={onInput} />
      )}
    </label>
  );
}

/** Give the filled fields as the server wants them: times with their offset, nothing for what was left empty. */
function filled(form: EntryForm, values: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(values).filter(([name, value]) => value.trim() && form.properties[name]);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, form.properties[name]?.format === "date-time" ? new Date(value).toISOString() : value.trim()]),
  );
}

function EntryFields({ account, form }: { account: string; form: EntryForm }) {
  // a second press after a lost answer is the same entry
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() => ({ [ENTRY_ID]: crypto.randomUUID() }));
  const fields = Object.entries(form.properties).filter(([, field]) => !field["x-hidden"]);
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await api.enter(account, filled(form, values));
      showToast(t("entry-kept"), "good");
      closeDialog();
    } catch (error) {
      const { title, detail } = errorText(error);
      setProblem(detail || title);
    }
    setBusy(false);
  };
  return (
    <form class="form" onSubmit={submit}>
      <div class="form-pairs">
        {fields.map(([name, field]) => (
          <Field
            key={name}
            name={name}
            field={field}
            isRequired={form.required?.includes(name) ?? false}
            value={values[name] ?? ""}
            set={(value) => setValues({ ...values, [name]: value })}
          />
        ))}
      </div>
      {problem && (
        <p class="form-problem" role="alert">
          {problem}
        </p>
      )}
      <p class="dialog-foot">
        <button type="button" class="button" onClick={closeDialog}>
          {t("cancel")}
        </button>
        <button type="submit" class="button primary" disabled={isBusy}>
          {t("entry-keep")}
        </button>
      </p>
    </form>
  );
}

export function EntryDialog() {
  const forms = useForms();
  const [chosen, setChosen] = useState("");
  const found = forms?.find(([account]) => account === chosen) ?? forms?.[0];
  return (
    <DialogFrame title={t("entry-new")} width="wide">
      {forms !== null && !found && <p class="form quiet">{t("entry-nowhere")}</p>}
      {forms !== null && forms.length > 1 && (
        <p class="form">
          <label>
            {t("entry-account")}
            <select value={found?.[0]} onChange={(event) => setChosen(event.currentTarget.value)}>
              {forms.map(([account]) => (
                <option key={account}>{account}</option>
              ))}
            </select>
          </label>
        </p>
      )}
      {found && <EntryFields key={found[0]} account={found[0]} form={found[1]} />}
    </DialogFrame>
  );
}
