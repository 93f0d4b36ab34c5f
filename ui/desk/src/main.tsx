/** Starts the desk. */
import { render } from "preact";
import { App } from "./components/App";
import { listenToKeys } from "./keys";
import { start } from "./store/account";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/rail.css";
import "./styles/list.css";
import "./styles/conversation.css";
import "./styles/side.css";
import "./styles/tasks.css";
import "./styles/dialogs.css";
import "./styles/log-in.css";
import "./styles/narrow.css";

const root = document.getElementById("desk");
if (root) {
  render(<App />, root);
  listenToKeys();
  void start();
}
