import { AlertDialog } from "@base-ui/react/alert-dialog";
import { createContext, type ReactNode, use, useCallback, useState } from "react";

export interface Question {
  title: string;
  body: ReactNode;
  /** What the button says: `Retry`, `Erase`. */
  action: string;
  /** What cannot be undone. */
  isDangerous?: boolean;
}
interface Asked extends Question {
  answer: (yes: boolean) => void;
}

const ConfirmContext = createContext<(question: Question) => Promise<boolean>>(() => Promise.resolve(false));

/** Asks before something is changed. Resolves to whether the reader said yes. */
export function useConfirm(): (question: Question) => Promise<boolean> {
  return use(ConfirmContext);
}

export function ConfirmProvider({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<Asked>();
  const [isOpen, setIsOpen] = useState(false);
  const confirm = useCallback(
    (question: Question) =>
      new Promise<boolean>((resolve) => {
        setAsked({ ...question, answer: resolve });
        setIsOpen(true);
      }),
    [],
  );
  const close = (yes: boolean) => {
    asked?.answer(yes);
    setIsOpen(false);
  };
  return (
    <ConfirmContext value={confirm}>
      {children}
      <AlertDialog.Root open={isOpen} onOpenChange={(next) => !next && close(false)}>
        <AlertDialog.Portal>
          <AlertDialog.Backdrop className="backdrop" />
          <AlertDialog.Popup className="dialog dialog-small">
            <AlertDialog.Title render={<h2 />}>{asked?.title}</AlertDialog.Title>
            <AlertDialog.Description render={<div />}>{asked?.body}</AlertDialog.Description>
            <div className="dialog-foot">
              <AlertDialog.Close className="button">Cancel</AlertDialog.Close>
              <button
                type="button"
                className={asked?.isDangerous === true ? "button danger" : "button primary"}
                onClick={() => close(true)}
              >
                {asked?.action}
              </button>
            </div>
          </AlertDialog.Popup>
        </AlertDialog.Portal>
      </AlertDialog.Root>
    </ConfirmContext>
  );
}
