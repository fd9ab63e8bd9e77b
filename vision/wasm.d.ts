/** Wrangler imports `.wasm` files as compiled modules. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

/** Vite imports any file as a data URL: for tests in workerd. */
declare module "*?inline" {
  const dataUrl: string;
  export default dataUrl;
}
