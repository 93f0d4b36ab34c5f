/** Read something when a panel opens, and again when what it depends on changes. */
import { useEffect, useState } from "preact/hooks";
import { errorText } from "../store/toasts";

export interface Answer<T> {
  value: T | null;
  problem: string;
  isLoading: boolean;
  again: () => void;
}

export function useAnswer<T>(ask: () => Promise<T>, dependencies: readonly unknown[]): Answer<T> {
  const [count, setCount] = useState(0);
  const [state, setState] = useState<{ value: T | null; problem: string; isLoading: boolean }>({
    value: null,
    problem: "",
    isLoading: true,
  });
  useEffect(() => {
    let isGone = false;
    ask().then(
      (value) => {
        if (!isGone) setState({ value, problem: "", isLoading: false });
      },
      (error: unknown) => {
        if (!isGone) setState((before) => ({ ...before, problem: errorText(error).title, isLoading: false }));
      },
    );
    return () => {
      isGone = true;
    };
  }, [...dependencies, count]);
  return { ...state, again: () => setCount(count + 1) };
}
