/** The one script of all pages: which of them it shows, the address says. */
import { render } from "preact";
import "./shared/style.css";
import "./playground/playground.css";
import "./account/account.css";
import { Account } from "./account/account.tsx";
import { Playground } from "./playground/playground.tsx";
import { Frame } from "./shared/frame.tsx";

const here = location.pathname === "/account" ? "account" : "playground";
const page = document.getElementById("page");
if (page) {
  page.replaceChildren();
  render(<Frame here={here}>{here === "account" ? <Account /> : <Playground />}</Frame>, page);
}
