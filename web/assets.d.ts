declare module "*.png" {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}

declare module "*.svg" {
  const text: string;
  export default text;
}

declare module "*.css";
