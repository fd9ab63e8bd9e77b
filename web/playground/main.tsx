import { render } from "preact";
import "../shared/style.css";
import "./playground.css";
import { Frame } from "../shared/frame.tsx";
import { Playground } from "./playground.tsx";

const page = document.getElementById("page");
if (page) {
  page.replaceChildren();
  render(
    <Frame here="playground">
      <Playground />
    </Frame>,
    page,
  );
}
