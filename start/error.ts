/** What stops `npm start` with one line for the user and no stack trace. */
export class StartError extends Error {}
