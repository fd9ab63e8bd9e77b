/** A question about a red square of 336 × 336 pixels, in 128 bytes: small enough to be pasted. */
export const EXAMPLE_QUESTION = {
  model: "tessera-tiny",
  messages: [
    {
      role: "user" as const,
      content: [
        {
          type: "image_url" as const,
          image_url: {
            url: "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAVAAAAFQAQMAAADTJrSaAAAABlBMVEX////cHh7/Hx2WAAAANUlEQVR42u3KsQ0AAAgDoP7/tM5+UBOYSQAAAADgrTlUVVVVVVVVVVVVVVVVtbsCAAAAQLUFeHwaO5lPgY0AAAAASUVORK5CYII=",
          },
        },
        { type: "text" as const, text: "What color is the square?" },
      ],
    },
  ],
};
