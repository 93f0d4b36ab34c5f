/** `virtua`'s list with types that fit Preact: it is written for React, whose element types differ. */
import type { ComponentChildren, FunctionComponent, JSX, RefObject } from "preact";
import { VList, type VListHandle } from "virtua";

export type VirtualListHandle = VListHandle;

interface VirtualListProps<Item> {
  ref: RefObject<VListHandle | null>;
  class: string;
  role: "list" | "region";
  "aria-label": string;
  tabIndex?: number;
  data?: readonly Item[];
  itemSize?: number;
  onScroll: () => void;
  children: ComponentChildren | ((item: Item, index: number) => JSX.Element);
}

export const VirtualList = VList as unknown as FunctionComponent<VirtualListProps<string>>;
