declare module "*.vocabulary" {
  const file: ArrayBuffer;
  export default file;
}
