/** The edge imports its pages' HTML, which must be built before the tests of the bare Worker. */
export { writePages as default } from "../../web/build.ts";
