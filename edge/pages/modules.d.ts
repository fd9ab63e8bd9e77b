declare module "*.html" {
  const text: string;
  export default text;
}

declare module "*.md" {
  const text: string;
  export default text;
}

declare module "*.gz" {
  const bytes: ArrayBuffer;
  export default bytes;
}
