import { Toast } from "@base-ui/react/toast";
import { type ReactNode, useCallback } from "react";
import { ApiError } from "../api/http.ts";
import { Icon } from "./icons.tsx";

const shownMs = 6_000;

/** Says what became of an action; an error stays until it is dismissed. */
export function useToasts(): {
  done: (title: string) => void;
  failed: (title: string, error: unknown) => void;
} {
  const { add } = Toast.useToastManager();
  const done = useCallback((title: string) => void add({ title, type: "done", timeout: shownMs }), [add]);
  const failed = useCallback(
    (title: string, error: unknown) =>
      void add({ title, description: textOf(error), type: "failed", timeout: 0 }),
    [add],
  );
  return { done, failed };
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const remedy = error instanceof ApiError ? error.remedy : undefined;
  return remedy === undefined ? error.message : `${error.message} ${remedy}`;
}

export function Toasts({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={`toast toast-${toast.type}`}>
      <Toast.Content className="toast-content">
        <Icon name={toast.type === "failed" ? "warn" : "check"} />
        <div className="grow">
          <Toast.Title className="toast-title" />
          <Toast.Description className="muted" />
        </div>
        <Toast.Close className="icon-button" aria-label="Dismiss">
          <Icon name="close" size={12} />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}
