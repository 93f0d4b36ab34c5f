/** What to call people: a customer who gave no name has only an address, and a visitor's is a long random id. */
import type { Contact, Message } from "./api/types";
import { t } from "./words";

const RANDOM_ID = /^[0-9a-f]{16,}$/i;

function readable(name: string): string {
  return RANDOM_ID.test(name) ? t("visitor", { id: name.slice(0, 6) }) : name;
}

/** Give the address where it tells more than the name already did. */
export function addressBeside(contact: Contact): string {
  return contact.address === contact.name || RANDOM_ID.test(contact.address) ? "" : contact.address;
}

export function customerName(contact: Contact): string {
  return readable(contact.name || contact.address) || t("customer-unnamed");
}

export function authorName(message: Message): string {
  return readable(message.author_name) || t(`role-${message.role}`);
}
