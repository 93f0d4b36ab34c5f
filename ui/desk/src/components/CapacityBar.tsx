/** What somebody carries, in units of work; past the end when work was handed over beyond the limit. */
import type { Colleague } from "../api/types";
import { t } from "../words";

export function CapacityBar({ colleague }: { colleague: Colleague }) {
  const used = Math.round(colleague.used_units * 10) / 10;
  const words = t("capacity-words", { used, units: colleague.units, claims: colleague.claims });
  return (
    <span class="load" data-over={used > colleague.units} title={words}>
      <meter min={0} max={colleague.units} high={colleague.units * 0.8} value={used} aria-label={words} />
      <span aria-hidden="true">
        {used}/{colleague.units}
      </span>
    </span>
  );
}
