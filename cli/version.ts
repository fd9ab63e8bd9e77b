import packageJson from "../package.json" with { type: "json" };

/** The command's version, which is the product's. */
export const VERSION = packageJson.version;
