import { dirname } from "node:path";
import { describePages } from "../documents/describe-pages.ts";
import { PYTHON } from "./tools.ts";

describePages(dirname(PYTHON));
