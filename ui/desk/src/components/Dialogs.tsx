/** Whichever dialog is open. */
import { conversationId } from "../store/navigation";
import { dialog } from "../store/screen";
import { EntryDialog } from "./EntryDialog";
import { HouseDialog } from "./HouseDialog";
import { KeysDialog } from "./KeysDialog";
import { PaletteDialog } from "./PaletteDialog";
import { PauseDialog, PutBackDialog, ResolveDialog } from "./ReasonDialogs";
import { TaskDialog } from "./TaskDialog";
import { TransferDialog } from "./TransferDialog";
import { WatchDialog } from "./WatchDialog";

export function Dialogs() {
  const id = conversationId.value;
  switch (dialog.value) {
    case "keys":
      return <KeysDialog />;
    case "palette":
      return <PaletteDialog />;
    case "house":
      return <HouseDialog />;
    case "transfer":
      return id ? <TransferDialog id={id} /> : null;
    case "resolve":
      return id ? <ResolveDialog id={id} /> : null;
    case "put_back":
      return id ? <PutBackDialog id={id} /> : null;
    case "pause":
      return id ? <PauseDialog id={id} /> : null;
    case "task":
      return id ? <TaskDialog id={id} /> : null;
    case "entry":
      return <EntryDialog />;
    case "watch":
      return <WatchDialog />;
    case null:
      return null;
  }
}
