import type { EnhancerStore } from "@throughline/enhancer";

/** The enhancer's state for parts that seldom need it: opened when first asked for. */
export interface LazyStore {
  open: () => Promise<EnhancerStore>;
  close: () => Promise<void>;
}

export function lazyStore(directory: string, postgres: string | undefined): LazyStore {
  let store: Promise<EnhancerStore> | undefined;
  return {
    open: () =>
      (store ??= import("@throughline/enhancer").then(({ openStore }) =>
        openStore(directory, { postgres, redis: undefined }),
      )),
    close: async () => (await store)?.close(),
  };
}
