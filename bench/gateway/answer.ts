/** What every upstream answers at once, whoever asks: TOKENS words, in a stream one after the other. */
export const TOKENS = 20;
export const WORD = "word";
